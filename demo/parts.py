"""The programs `up` runs beside the servers: stand-ins, collectors, traffic, dashboard."""

import importlib.util
import sys
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from prosepolish_core.errors import StartupError

from .children import DemoPart
from .options import Options

#: The real dictionary allows 450 requests in five minutes, far too few to warm a cache while somebody watches. The
#: stand-in allows more, and the core is told so; with DICTIONARY_API_URL set the real pace applies.
STAND_IN_LIMIT, STAND_IN_PER_S = 9000, 25.0
Ports = tuple[int, int, int]


def project_folder() -> Path:
    """The folder of app.py, where Streamlit finds its configuration."""
    spec = importlib.util.find_spec("app")
    if spec is None or spec.origin is None:
        raise StartupError("app.py is not installed; run `prosepolish up` from a checkout, or install the package again")
    return Path(spec.origin).parent


def stand_ins(ports: Ports, options: Options, env: Mapping[str, str], log: Path) -> DemoPart:
    """Both stand-in upstreams and their control endpoint."""
    flags = ["--dictionary-port", str(ports[0]), "--gemini-port", str(ports[1]), "--control-port", str(ports[2])]
    flags += ["--speed", str(options.speed), "--seed", str(options.seed), "--limit", str(STAND_IN_LIMIT)]
    return DemoPart("stand-ins", [sys.executable, "-m", "demo.standins", *flags], env, project_folder(), log)


def collectors(env: Mapping[str, str], log: Path) -> DemoPart:
    """The collectors on their schedule."""
    return DemoPart("collectors", [sys.executable, "-m", "collectors"], env, project_folder(), log)


def traffic(options: Options, env: Mapping[str, str], log: Path) -> DemoPart:
    flags = ["--rate", str(options.rate), "--seed", str(options.seed)]
    return DemoPart("traffic", [sys.executable, "-m", "demo.traffic", *flags], env, project_folder(), log)


def history(options: Options, env: Mapping[str, str], log: Path) -> DemoPart:
    """Writes the simulated past and ends."""
    flags = ["--days", str(options.history), "--seed", str(options.seed)]
    return DemoPart("history", [sys.executable, "-m", "demo.history", *flags], env, project_folder(), log)


def dashboard(options: Options, env: Mapping[str, str], log: Path) -> DemoPart:
    """The web process, on the loopback address."""
    flags = ["--server.port", str(options.port), "--server.address", "127.0.0.1", "--server.headless", "true"]
    flags += ["--browser.gatherUsageStats", "false", "--server.fileWatcherType", "none"]
    return DemoPart("dashboard", [sys.executable, "-m", "streamlit", "run", "app.py", *flags], env, project_folder(), log)


def answers(port: int, path: str) -> bool:
    """Whether a server of ours answers 200 there now: Streamlit's own page in HTML does not count."""
    connection = HTTPConnection("127.0.0.1", port, timeout=2.0)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
    return response.status == 200 and "html" not in (response.getheader("Content-Type") or "")
