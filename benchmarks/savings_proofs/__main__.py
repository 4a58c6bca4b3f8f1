"""Runs the proofs of the ledger: `python -m benchmarks.savings_proofs [--seed N] [--slice small|full] [NAME …]`."""

import argparse
import importlib
import sys
import time

from benchmarks.proofs.table import HEAD, Row

#: In this order.
CAMPAIGNS = ("ledger", "kills", "sums", "figures", "hold_out", "projection")


def main() -> int:
    """Run the named campaigns, or all; the exit code is 1 when one does not hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.savings_proofs", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"default: all of {', '.join(CAMPAIGNS)}")
    parser.add_argument("--seed", type=int, default=20_261_101)
    parser.add_argument("--slice", choices=("small", "full"), default="small")
    arguments = parser.parse_args()
    rows: list[Row] = []
    for name in arguments.name or CAMPAIGNS:
        campaign = importlib.import_module(f"benchmarks.savings_proofs.{name}_campaign")
        started = time.monotonic()
        found = campaign.run(arguments.seed, arguments.slice == "small")
        rows += [row._replace(seconds=time.monotonic() - started) for row in found]
        for row in rows[-len(found) :]:
            print(row, file=sys.stderr, flush=True)
    print(f"\n{HEAD}")
    print(*rows, sep="\n")
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
