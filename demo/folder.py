"""The data folder: one owner at a time, secrets kept, and the list of running children for whoever comes next."""

import errno
import fcntl
import json
import os
import pwd
import secrets
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any, Self

from prosepolish_core.errors import StartupError

#: PostgreSQL's first files and some room to work in.
NEEDED_BYTES = 200 * 1024 * 1024
NOTED = ("name", "pid", "born", "stop")
SECRETS = ("postgres", "valkey", "pepper")


class DataFolder:
    """A folder held by one `prosepolish up`.

    The lock is the kernel's: it is gone when the process is, however it ended.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock: IO[str] | None = None

    def __enter__(self) -> Self:
        self._make()
        self._take()
        self._check_room()
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock:
            self._lock.close()
            self._lock = None

    def log(self, name: str) -> Path:
        """Where a part's output goes; the log of the run before is kept beside it."""
        return self.path / "logs" / f"{name}.log"

    def turn_logs(self) -> None:
        """Begin new logs; keep those of the run before as `.old`."""
        folder = self.path / "logs"
        folder.mkdir(exist_ok=True)
        for log in folder.glob("*.log"):
            log.replace(log.with_suffix(".old"))

    def secrets(self) -> dict[str, str]:
        """Passwords and the pepper: made once, readable by the owner only."""
        path = self.path / "secrets.json"
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            found = {}
        if missing := [name for name in SECRETS if not isinstance(found.get(name), str)]:
            if "postgres" in missing and (self.path / "postgres" / "PG_VERSION").exists():
                raise StartupError(f"{path} is lost, and with it the password of the data beside it; choose another --data-dir")
            found |= {name: secrets.token_urlsafe(32) for name in missing}
            self.write("secrets.json", json.dumps(found), durable=True)
        return {name: found[name] for name in SECRETS}

    def write(self, name: str, text: str, *, durable: bool = False) -> None:
        """Put a file in place whole, readable by the owner only; `durable`: not even a power cut loses it."""
        path = self.path / name
        fresh = path.with_name(f"{name}.new")
        try:
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                if durable:
                    os.fsync(file.fileno())
            fresh.replace(path)
        except OSError as error:
            raise unusable(self.path, error) from None

    def remember(self, children: Iterable[tuple[str, int, float, int]]) -> None:
        """Note the running children: name, process number, when each began, and the signal that asks it to stop."""
        self.write("run.json", json.dumps([dict(zip(NOTED, child, strict=True)) for child in children]))

    def remembered(self) -> list[Mapping[str, Any]]:
        """The children of the run before; empty after an orderly stop."""
        try:
            found = json.loads((self.path / "run.json").read_text(encoding="utf-8"))
            return [c for c in found if isinstance(c.get("pid"), int) and isinstance(c.get("born"), float)]
        except (OSError, ValueError, AttributeError, TypeError):
            return []

    def _make(self) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            owner = self.path.stat().st_uid
            if os.geteuid() == 0 and owner != 0:
                # Root could write there, but what it left behind could not be read by the owner afterwards.
                raise StartupError(
                    f"the data folder {self.path} belongs to {_user(owner)}; run `prosepolish up` as that user, "
                    "or choose another --data-dir"
                )
            # Root's PostgreSQL runs as another user, who must be able to pass through; the secrets are closed one by
            # one.
            if owner == os.geteuid():
                self.path.chmod(0o711 if os.geteuid() == 0 else 0o700)
            (self.path / "lock").touch()
            self.write("probe", "x" * 4096)
            (self.path / "probe").unlink()
        except OSError as error:
            raise unusable(self.path, error) from None

    def _take(self) -> None:
        lock = (self.path / "lock").open("r+", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = lock.read().strip()
            lock.close()
            who = f" (process {holder})" if holder.isdigit() else ""
            raise StartupError(
                f"another `prosepolish up`{who} uses {self.path}; stop it with Ctrl-C there, "
                "or choose another --data-dir and --port"
            ) from None
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def _check_room(self) -> None:
        free = shutil.disk_usage(self.path).free
        if free < NEEDED_BYTES:
            raise StartupError(
                f"only {free // 2**20} MB are free where {self.path} lies and {NEEDED_BYTES // 2**20} MB are needed; "
                "free some space or choose another --data-dir"
            )


def _user(number: int) -> str:
    try:
        return f"the user {pwd.getpwuid(number).pw_name}"
    except KeyError:
        return f"the user with the number {number}"


def unusable(path: Path, error: OSError) -> StartupError:
    """One sentence for a folder that cannot be used."""
    reason = "the disk is full" if error.errno in {errno.ENOSPC, errno.EDQUOT} else (error.strerror or "it cannot be used").lower()
    return StartupError(f"the data folder {path} cannot be used ({reason}); choose one you may write to with --data-dir")
