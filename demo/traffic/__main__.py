"""`python -m demo.traffic`: send traffic until told to stop."""

import os
import signal
import threading

import click

from prosepolish_core import Config, Core
from prosepolish_core.cli.finite_range import FiniteRange
from prosepolish_core.errors import ProsePolishError
from prosepolish_core.logs import configure

from ..lexicon import lexicon
from .actions import Scene
from .source import Traffic


@click.command()
@click.option("--rate", type=FiniteRange(0.1, 500), default=8.0, show_default=True, help="Lookups a second.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same words, texts and people.")
@click.option("--for", "seconds", type=FiniteRange(0.1), help="Stop after so many seconds.  [default: never]")
def main(rate: float, seed: int, seconds: float | None) -> None:
    """Use the core as many writers would. Exit codes: 0 stopped, 1 could not start."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if seconds:
        timer = threading.Timer(seconds, stop.set)
        timer.daemon = True
        timer.start()
    try:
        config = Config.from_env()
        configure(config)
        with Core.open(config) as core:
            core.warm_up()
            traffic = Traffic(core, Scene(lexicon(), seed), rate, seed)
            traffic.run(stop)
    except ProsePolishError as error:
        raise click.ClickException(str(error)) from None
    click.echo(" ".join(f"{name}={count}" for name, count in traffic.told().items()))
    # Threads that still wait for a slow upstream must not hold up the end; what was counted is flushed.
    os._exit(0)


if __name__ == "__main__":
    main()
