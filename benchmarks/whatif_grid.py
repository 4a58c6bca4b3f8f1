"""How long does a grid of 25 settings over 1,000,000 traced reads take on one core? (bar: 2 s; peer: libcachesim).

From the packed chunks to hits and misses: unpacking, sorting, five times to live times five limits of memory. The peer
plays one setting read by read, with requests made beforehand. Times are processor time.
"""

import argparse
import json
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks import _peers
from prosepolish_core.calc.whatif.replay import TraceReplay
from prosepolish_core.calc.whatif.trace import from_chunks
from prosepolish_core.model.access import packed
from prosepolish_core.model.counts import AccessChunk
from prosepolish_core.model.whatif import Scenario
from prosepolish_core.model.window import Window

BAR_S = 2.0
HOURS, SHARES = (6, 12, 24, 72, 168), (0.02, 0.08, 0.2, 0.4, 0.7)
DAYS, SIDE = 14, Path(__file__).parent / "_libcachesim_side.py"


def chunks(reads: int, seed: int = 1) -> tuple[list[AccessChunk], Window, np.ndarray]:
    """Zipf 0.9 over a fifth as many keys, 200 to 4,000 bytes, two weeks; and the same as rows for the peer."""
    drawn = np.random.default_rng(seed)
    keys = reads // 5
    share = 1 / np.arange(1, keys + 1) ** 0.9
    key = drawn.choice(keys, reads, p=share / share.sum())
    number = drawn.integers(0, 1 << 64, keys, dtype=np.uint64)[key]
    size = drawn.integers(200, 4000, keys)[key]
    at = np.sort(drawn.random(reads) * DAYS * 86_400)
    window = Window.last(DAYS * 86_400, datetime(2026, 11, 27, tzinfo=UTC))
    made = []
    for n in range(0, reads, 5000):
        part = slice(n, n + 5000)
        zeros = [0] * len(at[part])
        rows = list(zip(number[part].tolist(), at[part].tolist(), size[part].tolist(), zeros, zeros, strict=True))
        first = window.start + (datetime.fromtimestamp(at[n], UTC) - datetime.fromtimestamp(0, UTC))
        made.append(AccessChunk(first, "llm", 1.0, packed(rows, float(at[n]))))
    return made, window, np.column_stack([key + 1, at.astype(np.int64), size])


def grid(made: list[AccessChunk], window: Window) -> tuple[float, float, int]:
    """Seconds of processor for preparing and for the grid; how many of the settings had to evict."""
    began = time.process_time()
    reads = from_chunks(made, window).reads
    replay = TraceReplay(reads, {})
    ready = time.process_time()
    most = replay.play(Scenario({"llm": HOURS[-1] * 3600.0})).held.max()
    pressed = 0
    for hours in HOURS:
        ttl = {"llm": hours * 3600.0}
        free = replay.play(Scenario(ttl))
        for share in SHARES:
            played = replay.play(Scenario(ttl, int(most * share)))
            pressed += int(played.miss.sum() != free.miss.sum())
    return ready - began, time.process_time() - ready, pressed


def peer(rows: np.ndarray) -> None:
    """One setting of 25."""
    if not _peers.ready():
        return
    with tempfile.NamedTemporaryFile(suffix=".npy") as file:
        np.save(file, rows)
        file.flush()
        room = int(np.unique(rows[:, [0, 2]], axis=0)[:, 1].sum() * 0.08)
        command = [str(_peers.PYTHON), str(SIDE), file.name, str(room), str(24 * 3600)]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
    if told.returncode:
        print(f"libcachesim failed: {told.stderr.strip().splitlines()[-1:]}")
        return
    found = json.loads(told.stdout)
    print(f"libcachesim, LRU with a time to live: {found['seconds']:.2f} s for one setting, {found['seconds'] * 25:.0f} s for 25")


def main() -> int:
    """Three rounds; the best counts, as neighbours only add."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reads", type=int, default=1_000_000)
    given = parser.parse_args()
    made, window, rows = chunks(given.reads)
    rounds = [grid(made, window) for _ in range(3)]
    ready, played, pressed = min(rounds, key=lambda found: found[0] + found[1])
    total = ready + played
    print(f"{given.reads:,} reads: {ready:.2f} s to unpack and sort, {played:.2f} s for 25 settings ({pressed} of them evict)")
    print(f"together {total:.2f} s of a bar of {BAR_S:g} s: {'met' if total <= BAR_S else 'MISSED'}")
    peer(rows)
    return int(total > BAR_S)


if __name__ == "__main__":
    raise SystemExit(main())
