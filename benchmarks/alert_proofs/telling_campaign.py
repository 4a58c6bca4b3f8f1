"""Is a message lost or doubled when its sender is killed a thousand times and its receiver fails half of the time?"""

import os
import random
import signal
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from itertools import takewhile
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import orjson

from prosepolish_core.watch.alerts.telling import AGAIN

from .flaky_receiver import FlakyReceiver
from .proof import Proof
from .telling_child import RULES, SPEED, Outage, outages, start

KILLS, FEW_KILLS, LANES = 1000, 20, 4
#: Seconds of ours that a process lives: shorter and longer than a message waits, is sent, and is tried again.
LIVES_S = (0.05, 0.5)
#: Outages of a lane at least, however soon its kills are over.
FEWEST = 2
#: Longest wait at the end until nothing is left to be told.
DRAIN_S = 60.0


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
    dice, script = random.Random(seed), list(takewhile(lambda one: one.ends < 90_000.0, outages(seed)))
    with tempfile.TemporaryDirectory(prefix="pp-telling-") as name, FlakyReceiver(seed) as receiver:
        folder = Path(name)
        (folder / "rules.toml").write_text(RULES, encoding="utf-8")
        real_began = time.time()
        script_began = real_began
        for _ in range(kills):
            pid = start(folder, receiver.url, script, real_began, script_began)
            time.sleep(dice.uniform(*LIVES_S))
            _kill(pid)
        receiver.good = True
        over = (time.time() - real_began) * SPEED
        # The last outage ends as the script says; what is owed by then is told by one process that lives.
        begun = script[: max(FEWEST, sum(one.begins < over for one in script))]
        pid = start(folder, receiver.url, begun, real_began, script_began)
        try:
            _drained(folder, begun, real_began)
        finally:
            _kill(pid)
        return _tally(kills, begun, receiver)


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def _drained(folder: Path, script: list[Outage], real_began: float) -> None:
    until, kept = time.monotonic() + DRAIN_S, None
    while time.monotonic() < until:
        time.sleep(0.2)
        if script and (time.time() - real_began) * SPEED < script[-1].ends + 30.0:
            continue
        with suppress(FileNotFoundError):
            kept = orjson.loads((folder / "alerts.json").read_bytes())
        if kept is None:
            continue
        if not kept["outbox"] and all(incident["ended"] is not None for incident in kept["incidents"]):
            return


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
