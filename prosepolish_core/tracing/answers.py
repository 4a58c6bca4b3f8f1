"""What the answer of each call says on its span, and which tiers it passed on the way."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..model.outcome import Outcome, Tier, Trace
from .conventions import LLM, SCRIPT, Attributes


class SpanFacts(NamedTuple):
    """`tokens` are those that this very call was billed for: prompt and output."""

    attributes: Attributes
    trace: Trace = ()
    tokens: tuple[int, int] = (0, 0)


def _answer(found: Any) -> SpanFacts:
    attributes: Attributes = {"prosepolish.outcome": str(found.outcome), "prosepolish.degraded": found.degraded}
    if found.tier is not None:
        attributes["prosepolish.tier"] = str(found.tier)
    return SpanFacts(attributes, found.trace)


def _correction(found: Any) -> SpanFacts:
    told = _answer(found)
    paid = any(step.tier is Tier.GEMINI and step.outcome is Outcome.HIT for step in found.trace)
    if not paid:
        return told
    tokens = (found.tokens.prompt, found.tokens.output + found.tokens.thoughts)
    usage: Attributes = {"gen_ai.request.model": found.model, "gen_ai.usage.input_tokens": tokens[0]}
    usage["gen_ai.usage.output_tokens"] = tokens[1]
    return SpanFacts({**told.attributes, **LLM, **usage}, told.trace, tokens)


def _many(found: Any) -> SpanFacts:
    answers = list(found.values())
    return SpanFacts({"prosepolish.words": len(answers), "prosepolish.degraded": any(answer.degraded for answer in answers)})


def _decision(found: Any) -> SpanFacts:
    return SpanFacts({**SCRIPT, "prosepolish.allowed": found.allowed, "prosepolish.degraded": found.degraded})


def _session(found: Any) -> SpanFacts:
    return SpanFacts(
        {"prosepolish.valid": found.valid, "prosepolish.reason": found.reason or "", "prosepolish.degraded": found.degraded}
    )


def _nothing(_found: Any) -> SpanFacts:
    return SpanFacts({})


#: Part of the core -> its calls that get a span, each with what is told of its answer.
CALLS: Mapping[str, Mapping[str, Callable[[Any], SpanFacts]]] = {
    "dictionary": {"lookup": _answer, "lookup_many": _many, "invalidate": _nothing},
    "corrector": {"correct": _correction},
    "limiter": {"check": _decision, "check_named": _decision},
    "sessions": {
        "create": _session,
        "verify": _session,
        "rotate": _session,
        "revoke": _nothing,
        "revoke_all": _nothing,
    },
}
