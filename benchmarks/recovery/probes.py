"""Everything a core is asked, as a table: how, how often, how long it may take, and its answer in one word."""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Callable, Iterator
from time import monotonic
from typing import NamedTuple

from demo.lexicon import lexicon
from prosepolish_core import Core, Limit
from prosepolish_core.errors import ProsePolishError, SessionUnavailable, StoreUnavailable

OK, WRONG, UNTYPED = "ok", "WRONG", "UNTYPED"
#: An answer that tells nothing of the server: our own pace left the call out.
NO_WORD = "paced"
LIMITS = [Limit(1_000_000, per_s=3600)]
#: How many words the store has at the beginning.
STORED = 20_000
#: A lost rotation can be asked for again within 30 s; after that the user logs in again.
ROTATION_S = 25.0
_numbers = itertools.count()


class Visit:
    """What one caller knows: of whom it asks, and what it was told before, so that it sees a wrong answer."""

    def __init__(self, core: Core, seed: int) -> None:
        self.core = core
        self.user = f"u{seed}"
        self.stored = random.Random(seed).randrange(STORED)
        self.possible: dict[str, set[int]] = {"profiles": {0}, "preferences": {0}}
        core.profiles.update(self.user, {"n": 0})
        core.preferences.update(self.user, {"n": 0})
        self.kept = core.sessions.create(self.user).token or ""
        self.turning = core.sessions.create(self.user).token or ""
        self.nonce, self.nonce_at = "", 0.0
        self.text = "Teh quick fox."
        core.corrector.correct(self.text)

    def next_stored(self) -> str:
        """A word that most likely is in the store alone."""
        self.stored = (self.stored + 1) % STORED
        return words()[self.stored]


@functools.cache
def words() -> tuple[str, ...]:
    """Words that the API knows: the first of them lie in the store already, and nowhere else."""
    return tuple(word for word in lexicon().places if word.isalpha() and len(word) > 4)


@functools.cache
def _unasked() -> Iterator[str]:
    """Words that only the API knows, each of them once;
    in another order in each process, as those of before are in the store.
    """
    others = list(words()[STORED:])
    random.shuffle(others)
    return iter(others)


def said(degraded: bool, word: str = "degraded") -> str:
    """Whether all was well."""
    return word if degraded else OK


def _hit(visit: Visit) -> str:
    found = visit.core.dictionary.lookup("water")
    if found.entry is None or found.entry.word != "water":
        return f"{WRONG} {found}"
    return said(found.degraded or found.tier != "redis", found.tier or "none")


def _stored(visit: Visit) -> str:
    word = visit.next_stored()
    found = visit.core.dictionary.lookup(word)
    if found.entry is None and found.degraded:  # without the store, upstream has no entry for a few of them
        return "degraded"
    if found.entry is None or found.entry.word != word:
        return f"{WRONG} {found} {found.trace}"
    return said(found.degraded or found.tier not in {"redis", "postgres"})


def _by_api(visit: Visit) -> str:
    while True:
        word = next(_unasked())
        found = visit.core.dictionary.lookup(word)
        if found.entry is not None and found.entry.word.lower() != word:
            return f"{WRONG} {found}"
        if found.tier not in {"redis", "postgres"}:  # asked for before
            return said(found.degraded or found.tier != "dictionary_api")


def _by_model(visit: Visit) -> str:
    found = visit.core.dictionary.lookup(f"zz{next(_numbers)}x{visit.user}")
    if any(step.detail == NO_WORD for step in found.trace):
        return NO_WORD
    return said(found.degraded or not any(step.tier == "gemini" for step in found.trace))


def _correction(visit: Visit, text: str, tier: str) -> str:
    found = visit.core.corrector.correct(text)
    if found.detail == NO_WORD:
        return NO_WORD
    if found.text not in {text, text.replace("Teh", "The")}:
        return WRONG
    return said(found.degraded or found.tier != tier or found.text == text, f"{found.outcome}:{found.detail}")


def _record(attribute: str) -> Callable[[Visit], str]:
    """Update and read back: what was acknowledged is seen, or something later."""

    def ask(visit: Visit) -> str:
        records, possible = getattr(visit.core, attribute), visit.possible[attribute]
        possible.add(number := next(_numbers))
        lost, owed = "", False
        try:
            owed = records.update(visit.user, {"n": number}).degraded
            possible.intersection_update({number})
        except StoreUnavailable as error:  # it may have happened, so either value may be seen
            lost = type(error).__name__
        found = records.get(visit.user)
        if found.data.get("n") not in possible:
            return f"{WRONG} {found.data} not in {possible}"
        return lost or said(found.degraded or owed)

    return ask


def _verify(visit: Visit) -> str:
    found = visit.core.sessions.verify(visit.kept)
    return said(found.degraded) if found.valid and found.user_id == visit.user else WRONG


def _rotate(visit: Visit) -> str:
    if not visit.turning:
        visit.turning = visit.core.sessions.create(visit.user).token or ""
    if not visit.nonce:
        visit.nonce, visit.nonce_at = f"n{next(_numbers)}", monotonic()
    found = visit.core.sessions.rotate(visit.turning, nonce=visit.nonce)
    visit.nonce = ""
    visit.turning = found.token or ""
    if not found.valid:
        return WRONG if monotonic() - visit.nonce_at < ROTATION_S else found.reason
    return said(found.degraded)


def _log_in_and_out(visit: Visit) -> str:
    session = visit.core.sessions.create(f"{visit.user}x")
    ended = visit.core.sessions.revoke(session.token or "")
    try:
        if visit.core.sessions.verify(session.token or "").valid:
            return WRONG
    except SessionUnavailable:
        return "SessionUnavailable"
    return said(session.degraded or not ended.confirmed, "unconfirmed")


def told_well(state: str, reason: str) -> bool:
    """Whether a dependency is told to be well now.

    Degraded for what was before is that too: for calls of the last seconds, or for coming and going, as in a campaign.
    """
    return state == "up" or "of the newest" in reason or "now, but it failed" in reason


def _health(visit: Visit) -> str:
    found = [standing for standing in visit.core.health() if standing.state.amiss]
    return " ".join(f"{one.name} {one.reason}" for one in found if not told_well(one.state.value, one.reason)) or OK


class Probe(NamedTuple):
    """How a core is asked; the longest its caller may wait (a busy machine's slack included);
    the pause between two askings.
    """

    ask: Callable[[Visit], str]
    within_s: float
    every_s: float = 0.1


PROBES: dict[str, Probe] = {
    "lookup: redis": Probe(_hit, 1.0),
    "lookup: postgres": Probe(_stored, 1.0),
    "lookup: api": Probe(_by_api, 4.5),
    "lookup: model": Probe(_by_model, 4.5, 0.3),
    "invalidate": Probe(lambda v: said(not v.core.dictionary.invalidate(f"gone{v.user}").complete, "owed"), 1.0),
    "profile": Probe(_record("profiles"), 1.5),
    "preferences": Probe(_record("preferences"), 1.5),
    "limit": Probe(lambda v: said(v.core.limiter.check(v.user, LIMITS).degraded, "local"), 0.5),
    "log in and out": Probe(_log_in_and_out, 6.0, 0.2),
    "verify": Probe(_verify, 3.0),
    "rotate": Probe(_rotate, 3.0, 0.2),
    "correct: cached": Probe(lambda v: _correction(v, v.text, "redis"), 9.0),
    "correct: model": Probe(lambda v: _correction(v, f"Teh fox number {v.user[1:]}{next(_numbers):06}.", "gemini"), 9.0, 0.3),
    "samples": Probe(lambda v: said(not v.core.samples.sources()), 7.0),
    "health": Probe(_health, 4.0, 0.25),
}
#: Paid, and so never sent twice: one that was swallowed is waited for until its deadline, as nothing tells a slow model
#: from a lost request. What is measured is whoever asks after the return; all are held to their deadline.
PAID = frozenset({"lookup: model", "correct: model"})
#: How often a busy caller chooses each of them: what costs pace or time is rare, as in life.
WEIGHTS = {"lookup: redis": 30, "lookup: model": 0.5, "correct: model": 0.5, "health": 0.2, "samples": 1, "log in and out": 1}


def ask(name: str, visit: Visit) -> tuple[str, float, float]:
    """The answer in one word (an error of ours by its name), and when it was asked and given.

    Other exceptions are UNTYPED.
    """
    began = monotonic()
    try:
        word = PROBES[name].ask(visit)
    except ProsePolishError as error:
        word = type(error).__name__
    except Exception as error:  # noqa: BLE001 - that anything else can come out is what is looked for
        word = f"{UNTYPED} {type(error).__name__}: {error}"
    return word, began, monotonic()
