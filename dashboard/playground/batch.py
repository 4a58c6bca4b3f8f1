"""Several words at once: one round trip a tier, whatever their number; what is no word is refused before any call."""

import re
from time import perf_counter

import streamlit as st

from dashboard import runtime
from dashboard.components import table
from dashboard.components.actions import PageAction, allowed
from dashboard.components.tiles import Tile, tiles
from dashboard.views.names import tier_label
from dashboard.views.playground import TOLD
from prosepolish_core.calc import numbers
from prosepolish_core.errors import InvalidInput, LookupUnavailable
from prosepolish_core.model.lookup import Lookup
from prosepolish_core.model.outcome import Tier
from prosepolish_core.model.provenance import Provenance, acting_as
from prosepolish_core.model.word import spelled

from .visitor import visitor

#: As many as the limit of lookups admits in one second.
MOST = 20
EXAMPLE = "eloquent, zephyr, ice-cream, qqqxyz"


def panel() -> None:
    """A field, a button, and the answers."""
    with st.form("batch-form", border=False):
        text = st.text_area("Words, separated by commas or lines", value=EXAMPLE, key="batch", height=110)
        asked = st.form_submit_button("Look all up", type="primary", icon=":material/search:", key="batch-look")
    if asked:
        _look(text or "")
    else:
        st.caption(f"At most {MOST} words. All of them ask each tier in one round trip.")


def _look(text: str) -> None:
    typed = list(dict.fromkeys(word.strip() for word in re.split(r"[,\n]", text) if word.strip()))
    if not 1 <= len(typed) <= MOST:
        st.warning(f"Nothing was looked up: give 1 to {MOST} words, not {len(typed)}.", icon=":material/edit:")
        return
    refused = {word: why for word in typed if (why := _refusal(word))}
    words = [word for word in typed if word not in refused]
    core = runtime.core()
    found: dict[str, Lookup] = {}
    began = perf_counter()
    if words:
        decision = core.limiter.check_named("lookup", visitor(), cost=len(words))
        if not decision.allowed:
            st.warning(f"That was fast. Try again in {decision.retry_after_s:.1f} s.", icon=":material/hourglass_top:")
            return
        if not allowed(PageAction.LOOK_UP, ", ".join(words)):
            return
        try:
            with acting_as(Provenance.PLAYGROUND):
                found = dict(core.dictionary.lookup_many(words))
        except LookupUnavailable:
            st.error("No tier could answer. Try again in a moment.", icon=":material/cloud_off:")
            return
    _show(typed, refused, found, perf_counter() - began)


def _refusal(word: str) -> str:
    try:
        spelled(word)
    except InvalidInput as error:
        return str(error)
    return ""


def _show(typed: list[str], refused: dict[str, str], found: dict[str, Lookup], took_s: float) -> None:
    answers = [found[word] for word in typed if word in found]
    by_tier = {tier: sum(one.tier == tier for one in answers) for tier in Tier}
    tiles(
        [
            Tile("Time", numbers.duration(took_s), f"for {numbers.count(len(answers))} words together"),
            *(Tile(tier_label(tier), numbers.count(count), "words answered") for tier, count in by_tier.items()),
            Tile("Refused", numbers.count(len(refused)), "no words; nobody was asked"),
        ],
        130,
    )
    table.show([_row(word, refused.get(word, ""), found.get(word)) for word in typed], key="batch-rows", alt="The words, one a row")


def _row(word: str, refusal: str, found: Lookup | None) -> dict[str, str]:
    if found is None:
        return {"word": word, "answered by": "nobody", "outcome": refusal or "no tier could answer", "meaning": numbers.NONE}
    senses = [sense.definition for meaning in found.entry.meanings for sense in meaning.definitions] if found.entry else []
    return {
        "word": word,
        "answered by": tier_label(found.tier) if found.tier else "nobody",
        "outcome": TOLD[found.outcome],
        "meaning": senses[0] if senses else numbers.NONE,
    }
