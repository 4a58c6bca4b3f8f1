"""Which SDK talks to Gemini, and when it may."""

import subprocess
import sys

import pytest

from prosepolish_core import Config
from prosepolish_core.drivers.pacing import Pacer
from prosepolish_core.live.llm.backend import BACKENDS, PacedBackend, choose_backend
from prosepolish_core.live.llm.prompts import CORRECT
from prosepolish_core.model.llm import LlmFault, LlmReply, LlmRequest
from prosepolish_core.model.outcome import Outcome

REQUEST = CORRECT.request("m", "Teh")
GOOD = LlmReply("{}", "stop", "m", 1, 0, 1, 0)


class Scripted:
    """A backend that says what it is told to, and counts."""

    def __init__(self, *answers: LlmReply | LlmFault) -> None:
        self.answers = list(answers)
        self.asked = 0

    def generate(self, request: LlmRequest, timeout_s: float) -> LlmReply | LlmFault:
        """The next answer; the last one again and again."""
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def warm_up(self) -> None:
        """Nothing to load."""

    def close(self) -> None:
        """Nothing to release."""


def paced(*answers: LlmReply | LlmFault, burst: int = 100) -> tuple[PacedBackend, Scripted]:
    """A paced backend and what is behind it."""
    inner = Scripted(*answers)
    return PacedBackend(inner, Pacer(0.001, burst)), inner


def said(answer: LlmReply | LlmFault) -> str:
    """The fault's word, or `ok`."""
    return answer.detail if isinstance(answer, LlmFault) else "ok"


def test_without_a_key_there_is_no_backend() -> None:
    """Tier 4 is off, and nothing is imported for it."""
    assert choose_backend(Config.from_env({})) is None


@pytest.mark.parametrize("name", BACKENDS)
def test_the_configured_backend_is_made(name: str) -> None:
    """GEMINI_BACKEND picks the SDK; making it loads nothing yet."""
    made = choose_backend(Config.from_env({"GEMINI_API_KEY": "k", "GEMINI_BACKEND": name}))
    assert made is not None
    made.close()


def test_every_value_of_the_setting_has_a_backend() -> None:
    """The table and the configuration name the same SDKs."""
    from typing import get_args

    assert set(BACKENDS) == set(get_args(Config.model_fields["gemini_backend"].annotation))


def test_after_a_429_nobody_asks_until_it_is_over() -> None:
    """The next callers are refused here, with the seconds left."""
    backend, inner = paced(LlmFault(Outcome.REFUSED, "429", 30.0), GOOD)
    assert said(backend.generate(REQUEST, 1)) == "429"
    held = backend.generate(REQUEST, 1)
    assert isinstance(held, LlmFault)
    assert (held.outcome, held.detail) == (Outcome.REFUSED, "paced")
    assert 29 < (held.retry_after_s or 0) <= 30
    assert inner.asked == 1


@pytest.mark.parametrize(("wait", "second"), [(20.0, "paced"), (None, "503")])
def test_an_outage_that_says_how_long_is_believed(wait: float | None, second: str) -> None:
    """A 503 with Retry-After closes the door for as long; one without does not."""
    backend, _ = paced(LlmFault(Outcome.ERROR, "503", wait))
    assert [said(backend.generate(REQUEST, 1)) for _ in range(2)] == ["503", second]


def test_a_refused_key_is_not_tried_again_and_again() -> None:
    """A moment of quiet each time: a wrong key does not get better by hammering,
    and one that was mended is used soon.
    """
    backend, inner = paced(LlmFault(Outcome.REFUSED, "key_refused"))
    backend.generate(REQUEST, 1)
    held = backend.generate(REQUEST, 1)
    assert isinstance(held, LlmFault)
    assert 1 < (held.retry_after_s or 0) <= 1.5
    assert inner.asked == 1


def test_a_runaway_loop_is_stopped_by_the_pace() -> None:
    """Beyond the burst, calls are refused instead of paid for."""
    backend, inner = paced(GOOD, burst=3)
    assert [said(backend.generate(REQUEST, 1)) for _ in range(5)] == ["ok", "ok", "ok", "paced", "paced"]
    assert inner.asked == 3


def test_a_warmed_up_process_prices_its_first_hit_at_once() -> None:
    """The price list, a quarter of a second, is loaded beside the SDK and not under the first caller."""
    script = (
        "import sys, time; from prosepolish_core import Config; from prosepolish_core.live.llm.backend import choose_backend\n"
        "choose_backend(Config.from_env({'GEMINI_API_KEY': 'k'})).warm_up()\n"
        "while 'genai_prices.data_snapshot' not in sys.modules: time.sleep(0.01)"
    )
    assert subprocess.run([sys.executable, "-c", script], timeout=60, check=False).returncode == 0


def test_importing_the_core_loads_no_sdk() -> None:
    """Whoever does not ask the LLM does not wait for it, and does not pay the memory."""
    script = "import sys, prosepolish_core; print([m for m in sys.modules if m.startswith(('google.', 'genai_prices', 'grpc'))])"
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
