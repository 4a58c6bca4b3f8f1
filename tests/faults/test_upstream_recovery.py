"""An upstream that is well again is used again within two seconds, unless it asked for longer itself."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from time import sleep
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.standins import StandIns
from prosepolish_core.calc.breaker import Breaker, BreakerPolicy
from prosepolish_core.drivers.http_bounded import KEPT_FOR_PAID_S
from prosepolish_core.drivers.pacing import QUIET_S
from prosepolish_core.live.corrections import asking
from prosepolish_core.live.limits import limiter
from prosepolish_core.live.llm.gemini_genai import GenAiBackend
from prosepolish_core.live.llm.prompts import CORRECT
from prosepolish_core.live.words.dictionary_api import DictionaryHttp
from prosepolish_core.live.words.tiers import API, MODEL
from prosepolish_core.model.llm import LlmReply
from prosepolish_core.model.outcome import FAILED, Outcome
from tests.support.way import Way, way

POLICIES = [API, MODEL, asking.BREAKER, limiter.BREAKER]
#: The longest pause, and a caller's way there.
PAUSE_S = 1.5
AMPLE_S = 10.0
IDLE = 4
OUTAGES: dict[str, Callable[[Way], AbstractContextManager[None]]] = {"refused": Way.closed, "half-open": Way.dumb}


@given(st.sampled_from(POLICIES), st.lists(st.tuples(st.booleans(), st.floats(0, 3)), min_size=1, max_size=200))
def test_no_breaker_keeps_callers_away_for_longer(policy: BreakerPolicy, calls: list[tuple[bool, float]]) -> None:
    """Whatever happened before: within a second and a half of the last failure somebody may ask,
    and one success lets all through.
    """
    breaker, now = Breaker(policy), 0.0
    for well, pause in calls:
        now += pause
        if breaker.allow(now):
            (breaker.success if well else breaker.failure)(now)
    now += PAUSE_S + 0.001
    assert breaker.allow(now)
    breaker.success(now)
    assert breaker.closed


def test_a_refusal_that_does_not_say_for_how_long_is_no_longer_either() -> None:
    """Nor is the pause after a refused key, which somebody may mend at any moment."""
    assert QUIET_S <= PAUSE_S


@pytest.mark.live
@pytest.mark.parametrize("outage", OUTAGES)
def test_the_first_question_after_an_outage_is_answered(outage: str) -> None:
    """Several connections lay idle when the way was cut;
    one question finds out, and not one question for each of them.
    """
    with StandIns(speed=100, limit=10**6) as up, way(port(up.dictionary_api.url)) as to_words, way(port(up.gemini.url)) as to_model:
        source = DictionaryHttp(f"http://127.0.0.1:{to_words.port}", per_s=1e6, burst=10**6)
        backend = GenAiBackend("any", f"http://127.0.0.1:{to_model.port}")
        request = CORRECT.request("gemini-3.5-flash-lite", "Teh text.")
        asks: list[tuple[Way, Callable[[float], Any]]] = [
            (to_words, lambda timeout_s: source.fetch("water", timeout_s)),
            (to_model, lambda timeout_s: backend.generate(request, timeout_s)),
        ]
        with ThreadPoolExecutor(IDLE) as pool:
            for there, ask in asks:
                ask(2 * AMPLE_S)  # which loads the SDK
                list(pool.map(ask, [AMPLE_S] * IDLE))
                with OUTAGES[outage](there):
                    assert ask(0.2).outcome in FAILED
        assert source.fetch("water", AMPLE_S).outcome is Outcome.HIT
        assert isinstance(backend.generate(request, AMPLE_S), LlmReply)
        source.close()
        backend.close()


@pytest.mark.live
def test_an_outage_that_nobody_saw_costs_no_paid_request() -> None:
    """A request is never sent twice, so it is not trusted to a connection that lay idle meanwhile."""
    with StandIns(speed=100, limit=10**6) as up, way(port(up.gemini.url)) as there:
        backend = GenAiBackend("any", f"http://127.0.0.1:{there.port}")
        request = CORRECT.request("gemini-3.5-flash-lite", "Teh text.")
        assert isinstance(backend.generate(request, 2 * AMPLE_S), LlmReply)
        with there.dumb():
            sleep(2 * KEPT_FOR_PAID_S)
        assert isinstance(backend.generate(request, AMPLE_S), LlmReply)
        backend.close()


def port(url: str) -> int:
    """Of an address on loopback."""
    return int(url.rpartition(":")[2])
