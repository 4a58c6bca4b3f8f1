"""What the collectors are measured on and beside:
servers of every version at hand, and the field's exporter from Debian.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import _redis_versions
from ._redis_versions import free_port, installed

__all__ = ["debian", "debian_environment", "free_port", "programs", "served"]

DEBIAN = Path(__file__).parent / ".peers" / "debian"
PACKAGES = (
    "redis-server redis-tools prometheus-redis-exporter prometheus liblua5.1-0 lua-cjson lua-bitop liblzf1 libjemalloc2 libatomic1"
)


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
            found = shutil.which(program)
            if found is None:
                raise FileNotFoundError(f"{program} is neither installed nor to be had from Debian") from None
            return Path(found)
    return path


def debian_environment() -> dict[str, str]:
    """Where unpacked programs find their libraries."""
    folders = sorted({str(path.parent) for path in (DEBIAN / "root").glob("**/*.so*")})
    return dict(os.environ, LD_LIBRARY_PATH=":".join(folders))


def programs() -> dict[str, Path]:
    """Name -> server program, of those this machine can have; 7.0 from Debian when the system has none."""
    found = installed()
    if "redis-7.0" not in found:
        try:
            found["redis-7.0"] = debian("redis-server")
        except OSError as error:
            print(f"redis-7.0: not available here ({error})", file=sys.stderr)
    return dict(sorted(found.items()))


@contextmanager
def served(program: Path, *options: str) -> Iterator[int]:
    """A running server; gives its port."""
    environment = debian_environment() if DEBIAN in program.parents else None
    with _redis_versions.served(program, *options, environment=environment) as port:
        yield port
