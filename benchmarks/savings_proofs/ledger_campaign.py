"""Is the ledger right to the cent? Two processes, both SDKs, every kind of reply, against a metering stand-in.

What was paid is what the meter says. What was avoided is what the meter says of the same wishes without any cache, less
what was paid.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path

import redis

from benchmarks._stack import postgres, valkey
from benchmarks.proofs.table import Row
from demo.lexicon import lexicon
from demo.standins import Fault, FaultKind
from demo.standins.dictionary_api import DictionaryApi, Pace
from demo.standins.server import Upstream
from prosepolish_core import Config, Core
from prosepolish_core.calc.ledger_sums import Measured, measured
from prosepolish_core.live.llm.prompts import CORRECT, DEFINE
from prosepolish_core.model.window import Window

from .caller import Wanted
from .metering import FREE, KINDS, UNREADABLE, Metered, arrived, serving

SDKS = ("google-generativeai", "google-genai")
#: Replies that can be read and are of no use: paid for nothing.
UNFIT = ("safety", "blocked", "new_block", "empty", "length", "recitation", "wrong_schema", "markup")
MARK = {"stand-in"}


def run(seed: int, small: bool, servers: tuple[str, str] | None = None) -> list[Row]:
    """`servers` are the addresses of a Valkey and a PostgreSQL that are there already."""
    drawn = random.Random(seed)
    with ExitStack() as stack:
        redis_url, database_url = servers or (stack.enter_context(valkey())[1], stack.enter_context(postgres()))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pp-proof-")))
        wishes = wanted(drawn, 30 if small else 500)
        told: list[tuple[Wanted, str]] = []
        with upstreams(folder / "with") as env:
            env |= {"REDIS_URL": redis_url, "DATABASE_URL": database_url, "PROSEPOLISH_DATA_DIR": str(folder)}
            for half in (wishes[: len(wishes) // 2], wishes[len(wishes) // 2 :]):
                told += both(env, half)
                expire_some(redis_url, drawn)
        with Core.open(Config.from_env(env)) as core:
            core.recorder.flush()
            sums = measured(core.telemetry.ledger(Window.last(86_400)), counted=MARK)
        with upstreams(folder / "without") as env:
            without_cache(env, [wish for wish, _ in told])
        return list(rows(seed, sums, told, arrived(folder / "with"), arrived(folder / "without")))


def wanted(drawn: random.Random, count: int) -> list[Wanted]:
    """Texts that come again, some at once; every kind of reply; words that the dictionary does not have."""
    found: list[Wanted] = []
    kinds, words = list(KINDS), sorted(word for word in lexicon().places if len(word) == 7 and word.isalpha())[:400]
    for number in range(count):
        text = Wanted("correct", f"Teh text {number} recieved a prize ({kinds[number % len(kinds)] if number % 2 else 'right'}).")
        word = Wanted(
            "define", drawn.choice(words) if number % 3 else f"zqx{'abcdefghij'[number % 10]}{'klmnopqrst'[number // 10 % 10]}"
        )
        found += [text] * drawn.choice([1, 2, 3, 8]) + [word] * drawn.choice([0, 1, 2])
        if number and number % 5 == 0:
            found += drawn.sample(found, 5)
    return found


@contextmanager
def upstreams(file: Path) -> Iterator[dict[str, str]]:
    """The metering stand-in, and a dictionary that knows no word; gives their settings."""
    dictionary = Upstream("dictionary_api", DictionaryApi(lexicon(), Pace(10**9, 300.0)), (0.2, 0.5), speed=1000, seed=2, port=0)
    dictionary.script.add(Fault(FaultKind.NOT_FOUND))
    dictionary.start()
    file.touch()
    try:
        with serving(file) as gemini:
            yield {
                "DICTIONARY_API_URL": dictionary.url,
                "GEMINI_API_ENDPOINT": gemini.url,
                "GEMINI_API_KEY": "any",
                "PROSEPOLISH_DICTIONARY_PER_S": "10000",
            }
    finally:
        dictionary.close()


def both(env: dict[str, str], wishes: Sequence[Wanted]) -> list[tuple[Wanted, str]]:
    """The same wishes of two processes at once, each with an SDK of its own; every wish with what became of it."""
    asked = json.dumps({"env": env, "wanted": wishes})
    command = [sys.executable, "-m", "benchmarks.savings_proofs.caller"]
    running = [subprocess.Popen([*command, sdk], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for sdk in SDKS]
    for process in running:
        assert process.stdin is not None
        process.stdin.write(asked)
        process.stdin.close()
    found: list[tuple[Wanted, str]] = []
    for process in running:
        assert process.stdout is not None
        lines = json.loads(process.stdout.read())
        assert process.wait() == 0
        found += zip(wishes, lines, strict=True)
    return found


def expire_some(redis_url: str, drawn: random.Random) -> None:
    """Half of the keys are over their time."""
    with redis.Redis.from_url(redis_url) as client:
        for key in sorted(client.scan_iter("*", count=1000)):
            if drawn.random() < 0.5:
                client.pexpire(key, 1)


def without_cache(env: dict[str, str], wishes: Sequence[Wanted]) -> None:
    """Every wish is a call of the model."""
    nowhere = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "PROSEPOLISH_DATA_DIR": tempfile.mkdtemp(prefix="pp-proof-")}
    from .caller import PATIENT_S, patient_core

    prompts = {"correct": CORRECT, "define": DEFINE}
    with patient_core(env | nowhere) as core:
        assert core.gemini is not None
        for wish in wishes:
            core.gemini.generate(prompts[wish.task].request(core.config.gemini_model, wish.text), PATIENT_S)


def rows(seed: int, sums: Measured, told: list[tuple[Wanted, str]], paid: list[Metered], alone: list[Metered]) -> Iterator[Row]:
    """The ledger's lines beside the meter's."""
    lines = {name: side.usd for name, side in sums.lines.items()}
    free, blind = {str(status) for status in FREE}, {kind.value for kind in UNREADABLE}
    by_wish = {wish: metered.usd or Decimal(0) for (wish, _), metered in zip(told, alone, strict=True)}  # asked one by one
    expected: dict[str, Decimal] = defaultdict(Decimal)
    for metered in paid:
        expected["nothing" if _kind(metered) in UNFIT else "answer"] += metered.usd or 0
    for wish, line in told:
        if line != "paid":
            expected[line] += by_wish[wish]
    bill = sum((metered.usd or Decimal(0) for metered in alone), Decimal(0))
    size = f"{len(told):,} wishes, {len(paid):,} calls, {len({_kind(m) for m in paid})} kinds of replies, 2 processes, 2 SDKs"
    yield _equal("paid, by the meter", seed, size, sums.paid.usd, sum((m.usd or Decimal(0) for m in paid), Decimal(0)))
    yield _equal("bill without any cache, by the meter", seed, size, sums.without_cache_usd, bill)
    for name in sorted({*lines, *expected}):
        yield _equal(
            f"line {name}",
            seed,
            f"{sums.lines[name].calls if name in sums.lines else 0:,} rows",
            lines.get(name, Decimal(0)),
            expected[name],
        )
    counts = Counter(_kind(metered) for metered in paid)
    unknown, refused = sum(counts[kind] for kind in blind), sum(counts[kind] for kind in free)
    seen = f"{sums.paid.calls} rows, {sums.paid.unknown} of unknown cost, {sums.paid.sent} open"
    explained = (sums.paid.calls, sums.paid.unknown, sums.paid.sent) == (len(paid), unknown, 0)
    yield Row(
        "every call has its row", seed, f"{len(paid)} arrived, {unknown} unreadable, {refused} refused", seen, "the same", explained
    )


def _equal(name: str, seed: int, size: str, ledger: Decimal, meter: Decimal) -> Row:
    return Row(name, seed, size, f"ledger ${ledger:f}, meter ${meter:f}", "$0.00 apart", ledger == meter)


def _kind(metered: Metered) -> str:
    return next((kind for kind in KINDS if f"({kind})" in metered.subject), "right")
