"""Runs the recovery campaign: `python -m benchmarks.recovery [--seed N] [--slice small|full] [--only SUBSTRING]`."""

from __future__ import annotations

import argparse
import signal
import sys
import time

from .lanes import campaign
from .report import LEGEND, details, slowest, table
from .rows import full, small

LANES = 4
#: Rows that are told in full at the end, the worst last.
WORST = 10
PATIENCE_S = 20.0


def main() -> int:
    """Print the table, the worst rows last; the exit code is 1 when one misses its bar or could not be run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recovery", description=__doc__)
    parser.add_argument("--seed", type=int, default=20_261_127, help="order of the rows, and what the callers ask")
    parser.add_argument("--slice", choices=("small", "full"), default="small", help="small: under a minute; full: about 30")
    parser.add_argument("--only", action="append", metavar="SUBSTRING", help="only rows whose name has this in it")
    parser.add_argument("--longest", type=float, default=float("inf"), help="leave out rows that wait longer (seconds)")
    parser.add_argument("--lanes", type=int, default=0, help=f"stacks side by side [default: {LANES} for full, 1 for small]")
    parser.add_argument("--patience", type=float, default=PATIENCE_S, help="seconds after which a row counts as never back")
    arguments = parser.parse_args()
    whole = arguments.slice == "full" or bool(arguments.only)
    rows = [row for row in (full() if whole else small()) if row.away_s <= arguments.longest]
    rows = [row for row in rows if not arguments.only or any(part in row.name for part in arguments.only)]
    if not rows:
        parser.error("no row has this in its name")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    began = time.monotonic()
    lanes = arguments.lanes or (LANES if arguments.slice == "full" else 1)
    # Callers without a pause take a core for themselves: those rows have the machine alone, and so have those that said
    # nothing.
    results = campaign([row for row in rows if not row.put_together], lanes, arguments.seed, arguments.patience)
    alone = [row for row in rows if row.put_together] + [result.row for result in results if result.distorted]
    results = [result for result in results if not result.distorted]
    results += campaign(alone, 1, arguments.seed, arguments.patience)
    print(f"{table(results)}\n\n{LEGEND}\n")
    for result in sorted(results, key=slowest)[-WORST:]:
        print(details(result))
    held = sum(result.holds for result in results)
    print(f"\n{held} of {len(rows)} rows hold; seed {arguments.seed}, {time.monotonic() - began:.0f} s, {lanes} stacks at once")
    return 0 if held == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
