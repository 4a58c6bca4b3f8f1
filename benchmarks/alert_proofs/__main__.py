"""Runs the proofs of alerts: `python -m benchmarks.alert_proofs [--seed N] [--slice small|full] [NAME …]`."""

import argparse
import logging
import sys
import time
from collections.abc import Callable, Iterator

import structlog

from benchmarks._table import table

from . import fault_campaign, look_campaign, quiet_campaign, stack_campaign, telling_campaign
from .proof import Proof

#: In the order of the table in docs/alerts.md. Each gives its rows as they are seen.
CAMPAIGNS: dict[str, Callable[[int, bool], Iterator[Proof]]] = {
    "faults": fault_campaign.run,
    "stack": stack_campaign.run,
    "quiet": quiet_campaign.run,
    "look": look_campaign.run,
    "telling": telling_campaign.run,
}


def main() -> int:
    """Run the named campaigns, or all, and print their rows as one table; the exit code is 1 when a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.alert_proofs", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"default: all of {', '.join(CAMPAIGNS)}")
    parser.add_argument("--seed", type=int, default=20_261_127)
    parser.add_argument("--slice", choices=("small", "full"), default="full", help="small: a few of each")
    arguments = parser.parse_args()
    if strange := set(arguments.name) - set(CAMPAIGNS):
        parser.error(f"no such campaign: {', '.join(sorted(strange))}; known are {', '.join(CAMPAIGNS)}")
    logging.disable(logging.CRITICAL)  # what is broken on purpose is told by the rows alone
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    rows, began = list[Proof](), time.monotonic()
    for name in arguments.name or CAMPAIGNS:
        for proof in CAMPAIGNS[name](arguments.seed, arguments.slice == "full"):
            print(proof.line, flush=True)
            rows.append(proof)
    print(f"\n{table([proof.line for proof in rows])}")
    print(f"\nseed {arguments.seed}, slice {arguments.slice}, {time.monotonic() - began:.0f} s")
    return 0 if all(proof.met for proof in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
