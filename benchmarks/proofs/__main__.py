"""Runs the proof campaigns: `python -m benchmarks.proofs --seed N [--slice small|full] [--scale X] [NAME …]`."""

import argparse
import importlib
import sys
import time

from .table import HEAD, Row

#: In the order of the table in docs/limits-and-sessions.md.
CAMPAIGNS = (
    "oracle_campaign",
    "attacker_campaign",
    "waiting_campaign",
    "network_campaign",
    "contention_campaign",
    "histories_campaign",
    "lost_reply_campaign",
    "logout_race_campaign",
    "mutants_campaign",
    "speed_campaign",
)


def main() -> int:
    """Run the named campaigns, or all; the exit code is 1 when one does not hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.proofs", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"default: all of {', '.join(CAMPAIGNS)}")
    parser.add_argument("--seed", type=int, default=20_260_101)
    parser.add_argument("--slice", choices=("small", "full"), default="small", help="small: about a minute each at most")
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the sizes")
    arguments = parser.parse_args()
    rows: list[Row] = []
    for name in arguments.name or CAMPAIGNS:
        campaign = importlib.import_module(f"benchmarks.proofs.{name.removesuffix('_campaign')}_campaign")
        started = time.monotonic()
        row = campaign.run(arguments.seed, arguments.scale, arguments.slice == "small")
        rows += [r._replace(seconds=time.monotonic() - started) for r in (row if isinstance(row, list) else [row])]
        print(rows[-1], file=sys.stderr, flush=True)
    print(f"\n{HEAD}")
    print(*rows, sep="\n")
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
