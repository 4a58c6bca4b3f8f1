"""A process that corrects texts and looks words up, several at once, and prints what became of each.

`python -m benchmarks.savings_proofs.caller SDK` reads the settings of its Core and the texts from stdin, as JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import NamedTuple
from unittest.mock import patch

from prosepolish_core import Config, Core
from prosepolish_core.calc.breaker import BreakerPolicy
from prosepolish_core.live.corrections import asking
from prosepolish_core.live.llm import backend
from prosepolish_core.live.words import tiers
from prosepolish_core.model.correction import Correction
from prosepolish_core.model.lookup import Lookup
from prosepolish_core.model.outcome import Outcome, Tier

#: Longer than any stall of a crowded machine: who gives up has no line, and the proof is about lines.
PATIENT_S = 120.0
CALLERS = 12


class Wanted(NamedTuple):
    """One thing that a user wants: a text corrected, or a word defined."""

    task: str
    text: str


def main() -> None:
    """Ask for everything, close, tell."""
    told = json.load(sys.stdin)
    with patient_core({**told["env"], "GEMINI_BACKEND": sys.argv[1]}) as core:
        core.warm_up()
        ask = TASKS
        with ThreadPoolExecutor(CALLERS) as callers:
            lines = list(callers.map(lambda each: ask[each[0]](core, each[1]), told["wanted"]))
    print(json.dumps(lines))


@contextmanager
def patient_core(env: Mapping[str, str]) -> Iterator[Core]:
    """A Core that waits for as long as it takes, and that no run of faults keeps from asking.

    What makes it patient belongs to the whole process: all of it is put back at the end.
    """
    settings = (
        (asking, "BREAKER", BreakerPolicy(failures=10**6)),
        (asking, "LLM_S", PATIENT_S),
        (backend, "PER_S", 1e6),
        (backend, "BURST", 10**6),
    )
    with ExitStack() as kept:
        for module, name, value in settings:
            kept.enter_context(patch.object(module, name, value))
        kept.enter_context(patch.dict(tiers.TIERS, {tier: replace(row, deadline_s=PATIENT_S) for tier, row in tiers.TIERS.items()}))
        core = kept.enter_context(Core.open(Config.from_env({"PROSEPOLISH_REDIS_TIMEOUT_S": "10", **env})))
        core.corrector._deadline_s = core.dictionary._deadline_s = 2 * PATIENT_S
        yield core


def _corrected(core: Core, text: str) -> str:
    return line_of(core.corrector.correct(text))


def _defined(core: Core, word: str) -> str:
    return line_of(core.dictionary.lookup(word))


TASKS: dict[str, Callable[[Core, str], str]] = {"correct": _corrected, "define": _defined}


def line_of(found: Correction | Lookup) -> str:
    """What the caller was told, as the line in which the ledger should have it."""
    last = found.trace[-1]
    if found.outcome is Outcome.TIMEOUT:
        return "gave up"
    alone = len(found.trace) == 1 and last.tier is Tier.GEMINI  # another's answer that was of no use, as he heard it
    if alone or any(step.outcome is Outcome.COALESCED for step in found.trace):
        return "coalesced"
    if any(step.tier is Tier.GEMINI and step.duration_s > 0 for step in found.trace):
        return "paid"
    if last.outcome is Outcome.NEGATIVE_HIT:
        return "remembered"
    return {Tier.REDIS: "redis", Tier.POSTGRES: "postgres"}.get(last.tier, "coalesced")


if __name__ == "__main__":
    main()
