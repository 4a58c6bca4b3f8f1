"""`python -m demo.standins`: serve both stand-ins until told to stop;
the first line printed is JSON with the addresses.
"""

import json
import signal
import threading

import click

from prosepolish_core.cli.finite_range import FiniteRange
from prosepolish_core.errors import StartupError

from . import StandIns
from .dictionary_api import LIMIT
from .server import LOOPBACK


@click.command()
@click.option("--host", default=LOOPBACK, show_default=True, help="Address to listen on; faults are scripted on loopback only.")
@click.option("--dictionary-port", default=0, show_default="a free one", help="Port of the dictionary.")
@click.option("--gemini-port", default=0, show_default="a free one", help="Port of the model.")
@click.option("--control-port", default=0, show_default="a free one", help="Port of the control endpoint.")
@click.option("--speed", default=1.0, show_default=True, type=FiniteRange(0.01), help="How many times faster than the real ones.")
@click.option("--seed", default=0, show_default=True, help="Seed of delays and random faults.")
@click.option("--limit", default=LIMIT, show_default=True, help="Dictionary requests per address in five minutes.")
def main(host: str, dictionary_port: int, gemini_port: int, control_port: int, speed: float, seed: int, limit: int) -> None:
    """Serve the stand-in upstreams. Exit codes: 0 stopped, 1 a port is taken or the words are missing."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with StandIns(speed=speed, seed=seed, limit=limit, ports=(dictionary_port, gemini_port, control_port), host=host) as up:
            addresses = {u.name: u.url for u in (up.dictionary_api, up.gemini, up.control)}
            click.echo(json.dumps(addresses))
            stop.wait()
    except OSError as error:
        raise click.ClickException(
            f"a stand-in cannot listen: {error.strerror}; choose another port, or 0 for a free one"
        ) from None
    except StartupError as error:
        raise click.ClickException(str(error)) from None


if __name__ == "__main__":
    main()
