"""`prosepolish dashboard`: the web process, from wherever it is started; its settings lie beside its script."""

import os
import sys
from pathlib import Path

import click

from dashboard.startup import config_or_exit

SCRIPT = Path(__file__).parents[1] / "app.py"


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Where it listens.  [default: $PORT, else 8501]")
def dashboard(port: int | None) -> None:
    """Serve the dashboard on this machine's loopback address.

    Another address is a decision: STREAMLIT_SERVER_ADDRESS. Exit code 1: a setting is wrong.
    """
    chosen = port or config_or_exit().port
    os.execv(sys.executable, [sys.executable, "-m", "streamlit", "run", str(SCRIPT), "--server.port", str(chosen)])  # noqa: S606
