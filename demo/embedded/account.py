"""Under which account PostgreSQL runs: it refuses root, so root runs it as somebody else."""

import ctypes
import os
import pwd
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from prosepolish_core.errors import StartupError

CLONE_NEWUSER = 0x10000000
#: Accounts that exist on most systems, the fitting one first. No account is created.
NAMES = ("postgres", "nobody")


class Account(NamedTuple):
    """A user and group.

    With `namespace`, root keeps its files and only looks like this user from inside a user namespace.
    """

    name: str
    uid: int
    gid: int
    namespace: bool = False

    @property
    def owner(self) -> tuple[int, int]:
        """Who must own the files it works on, seen from outside."""
        return (os.geteuid(), os.getegid()) if self.namespace else (self.uid, self.gid)

    def enter_namespace(self, libc: ctypes.CDLL) -> None:
        """Called in the child before exec: root becomes this user inside a namespace of its own."""
        uid, gid = os.geteuid(), os.getegid()
        if libc.unshare(CLONE_NEWUSER) != 0:
            raise OSError(ctypes.get_errno(), "no user namespace")
        for name, text in (("setgroups", "deny"), ("uid_map", f"{self.uid} {uid} 1"), ("gid_map", f"{self.gid} {gid} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)


def choose(paths: Sequence[Path], effective_uid: int | None = None) -> Account | None:
    """None for an ordinary user. For root: an account that can reach every path, else one in a user namespace.

    Raises StartupError when neither is possible.
    """
    if (os.geteuid() if effective_uid is None else effective_uid) != 0:
        return None
    for name in NAMES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        account = Account(name, entry.pw_uid, entry.pw_gid)
        closed = next((folder for path in paths if (folder := closed_to(path, account))), None)
        if closed is None:
            return account
        if _namespaces_work():
            return account._replace(namespace=True)
        raise StartupError(
            f"PostgreSQL does not run as root, and the user {name} cannot enter {closed}; run as an ordinary user, "
            f"or `chmod o+x {closed}`, or set DATABASE_URL"
        )
    raise StartupError("PostgreSQL does not run as root and this system has no user `nobody`; set DATABASE_URL")


def closed_to(path: Path, account: Account) -> Path | None:
    """The first folder on the way to `path` (itself included) that the account may not enter;
    None when all are open.
    """
    for folder in (*reversed(path.resolve().parents), path.resolve()):
        try:
            status = folder.stat()
        except FileNotFoundError:
            return None
        bit = stat.S_IXUSR if status.st_uid == account.uid else stat.S_IXGRP if status.st_gid == account.gid else stat.S_IXOTH
        if not status.st_mode & bit:
            return folder
    return None


def _namespaces_work() -> bool:
    """Whether a child may enter a user namespace here; tried in a child of its own."""
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    pid = os.fork()
    if pid == 0:
        try:
            Account("nobody", 65534, 65534, namespace=True).enter_namespace(libc)
        except BaseException:  # noqa: BLE001 - the forked child must leave by _exit, whatever happened
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1] == 0
