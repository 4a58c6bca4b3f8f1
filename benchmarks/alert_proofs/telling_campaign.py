"""Is a message lost or doubled when its sender is killed a thousand times and its receiver fails half of the time?"""

import os
import random
import signal
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import orjson

from prosepolish_core.watch.alerts.telling import AGAIN

from .flaky_receiver import FlakyReceiver
from .proof import Proof
from .telling_child import BEGAN, ROUND_S, RULES, Outage, outages, start

KILLS, FEW_KILLS, LANES = 1000, 20, 4
#: Rounds that a process lives at most: less and more than a message waits, is sent, and is tried again; and the seconds
#: of the next one, in which it is killed.
MOST_ROUNDS, AMID_S = 25, 0.03
#: Outages of a lane at least, however soon its kills are over.
FEWEST = 2
#: Longest wait at the end until nothing is left to be told.
DRAIN_S = 120.0


class Tally(NamedTuple):
    """What one lane found. `owed`: messages that the script of outages asks for."""

    kills: int
    owed: int
    arrived: int
    requests: int
    lost: int
    doubled: int
    unmarked: int


def run(seed: int, full: bool) -> Iterator[Proof]:
    """The row of the telling."""
    kills, lanes = (KILLS, LANES) if full else (FEW_KILLS, 1)
    if lanes == 1:
        tallies = [lane(seed, kills)]
    else:
        with ProcessPoolExecutor(lanes, mp_context=get_context("spawn")) as pool:
            tallies = list(pool.map(lane, [seed + n for n in range(lanes)], [kills // lanes] * lanes))
    all_ = Tally(*map(sum, zip(*tallies, strict=True)))
    yield Proof(
        f"messages over {all_.kills:,} kills and a webhook that fails half of the time",
        "0 lost; doubled only as a marked retry",
        f"{all_.owed} owed, {all_.lost} lost; of {all_.arrived} arrivals in {all_.requests} requests"
        f" {all_.doubled} were repetitions, {all_.unmarked} of them not marked",
        not all_.lost and not all_.unmarked and all_.owed > 0,
    )


def lane(seed: int, kills: int) -> Tally:
    """Kill one process after the other; at the end one that may live, and a receiver that is good."""
    dice, script = random.Random(seed), list(islice(outages(seed), kills + FEWEST))
    with tempfile.TemporaryDirectory(prefix="pp-telling-") as name, FlakyReceiver(seed) as receiver:
        folder, now = Path(name), BEGAN
        (folder / "rules.toml").write_text(RULES, encoding="utf-8")
        for _ in range(kills):
            with _living(folder, receiver.url, script, now) as (rounds, unheard):
                for _ in range(dice.randrange(MOST_ROUNDS)):
                    now += ROUND_S * len(os.read(rounds, 1))
                time.sleep(dice.uniform(0.0, AMID_S))
            now += ROUND_S * (1 + len(unheard))  # and the round it was killed in: time never goes back
        receiver.good = True
        # The last outage ends as the script says; what is owed by then is told by one process that lives.
        begun = script[: max(FEWEST, sum(one.begins < now - BEGAN for one in script))]
        until = time.monotonic() + DRAIN_S
        with _living(folder, receiver.url, begun, now) as (rounds, _):
            while time.monotonic() < until and not _all_told(folder, now - BEGAN > begun[-1].ends + 60.0):
                now += ROUND_S * len(os.read(rounds, 1))
        return _tally(kills, begun, receiver)


@contextmanager
def _living(folder: Path, url: str, script: list[Outage], now: float) -> Iterator[tuple[int, bytearray]]:
    """A process, where its rounds are heard, and those that nobody had heard when it was killed at the end."""
    (rounds, beat), unheard = os.pipe(), bytearray()
    pid = start(folder, url, script, now, beat)
    os.close(beat)
    try:
        yield rounds, unheard
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        unheard += os.read(rounds, 65_536)
        os.close(rounds)


def _all_told(folder: Path, over: bool) -> bool:
    if not over:
        return False
    kept = orjson.loads((folder / "alerts.json").read_bytes())
    return not kept["outbox"] and all(incident["ended"] is not None for incident in kept["incidents"])


def _tally(kills: int, script: list[Outage], receiver: FlakyReceiver) -> Tally:
    by_key, kinds = defaultdict(list), defaultdict(set)
    for receipt in receiver.receipts:
        by_key[receipt.key].append(receipt)
        kinds[receipt.kind].add(receipt.key)
    again = [receipt for some in by_key.values() for receipt in some[1:]]
    # A repetition is one retry of an attempt whose fate nobody knew, and says so.
    unmarked = [receipt for receipt in again if AGAIN not in receipt.text]
    owed = 2 * len(script)
    lost = sum(max(0, len(script) - len(kinds[kind])) for kind in ("opened", "resolved"))
    more = sum(max(0, len(kinds[kind]) - len(script)) for kind in kinds)  # the same told under two keys
    return Tally(kills, owed, len(receiver.receipts), receiver.requests, lost, len(again) + more, len(unmarked) + more)
