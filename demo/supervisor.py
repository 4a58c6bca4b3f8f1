"""The supervisor: starts the parts in order, watches them, starts a fallen one again, and stops everything."""

import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import FrameType

from prosepolish_core.config import Config
from prosepolish_core.errors import MigrationError, StartupError
from prosepolish_core.watch.schema.migrate import migrate

from . import leftovers, parts, servers
from .children import Child, DemoPart, spawn, stop, wait_until
from .embedded.ports import free_port
from .folder import DataFolder
from .history import new_store as past
from .options import Options
from .plan import DemoPlan

#: A part that falls this often within a minute is not started again.
MOST_FALLS = 3
#: How long programs, and then servers, may take to stop when asked. With INSIST_S for each it stays below five seconds.
PROGRAMS_S, SERVERS_S = 2.0, 1.4
#: Parts without which the rest still makes sense.
OPTIONAL = frozenset({"collectors", "traffic"})
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervisor:
    """One run of the stack. `say` is told each step in a few words."""

    def __init__(
        self, plan: DemoPlan, options: Options, folder: DataFolder, env: Mapping[str, str], say: Callable[[str], None]
    ) -> None:
        self.plan, self.options, self.folder, self._say = plan, options, folder, say
        self.env = dict(env)
        self.stopping = False
        self.control_url = ""
        self._children: list[Child] = []
        self._falls: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def running(self) -> Iterator[None]:
        """The stack is up inside; nothing of it is left afterwards, whatever happened."""
        before = {number: signal.signal(number, self._told_to_stop) for number in SIGNALS}
        try:
            self._start()
            yield
        finally:
            self._stop()
            for number, handler in before.items():
                signal.signal(number, handler)

    def watch(self) -> None:
        """Stay until told to stop. Raises StartupError when a part that is needed keeps falling."""
        while not self.stopping:
            for child in [c for c in self._children if not c.alive]:
                self._start_again(child)
            time.sleep(0.2)

    def processes(self) -> list[tuple[str, int]]:
        """Name and process number of every part that runs."""
        return [(child.part.name, child.process.pid) for child in self._children if child.alive]

    # --- starting ---

    def _start(self) -> None:
        if ended := leftovers.end(self.folder.remembered()):
            self._say(f"ended what an interrupted run left behind: {', '.join(ended)}")
        self.folder.turn_logs()
        for step in (self._servers, self._upstreams, self._schema, self._history, self._programs):
            if not self.stopping:
                step()

    def _servers(self) -> None:
        waiting = []
        for server in servers.wanted(self.plan, self.folder, self.env):
            self._say(f"starting {server.part.name}")
            self.env |= server.env
            waiting.append((server, self._run(server.part)))
        self._upstream_ports()
        self._say("starting the dashboard")
        self._board = self._run(parts.dashboard(self.options, self.env, self.folder.log("dashboard")))
        for server, child in waiting:
            wait_until(server.ready, child, 30.0, server.fix, lambda: self.stopping)
        servers.check_given(self.plan, self.env)

    def _upstream_ports(self) -> None:
        """Start the stand-ins while the servers get ready; they are waited for afterwards, and so is the dashboard."""
        self._stand_ins: tuple[Child, int] | None = None
        if not self.plan.stand_ins:
            return
        ports = (free_port(), free_port(), free_port())
        self.control_url = self.env["PROSEPOLISH_FAULTS_URL"] = f"http://127.0.0.1:{ports[2]}"
        if self.plan.dictionary_api:
            self.env["DICTIONARY_API_URL"] = f"http://127.0.0.1:{ports[0]}"
            self.env.setdefault("PROSEPOLISH_DICTIONARY_PER_S", str(parts.STAND_IN_PER_S))
        if self.plan.gemini:
            self.env |= {"GEMINI_API_ENDPOINT": f"http://127.0.0.1:{ports[1]}", "GEMINI_API_KEY": "stand-in"}
        self._say("starting the stand-in upstreams")
        self._stand_ins = self._run(parts.stand_ins(ports, self.options, self.env, self.folder.log("stand-ins"))), ports[2]

    def _upstreams(self) -> None:
        if self._stand_ins:
            child, port = self._stand_ins
            fix = "set DICTIONARY_API_URL and GEMINI_API_KEY to use the real upstreams"
            wait_until(lambda: parts.answers(port, "/calls"), child, 30.0, fix, lambda: self.stopping)

    def _schema(self) -> None:
        self._say("bringing the schema up to date")
        try:
            migrate(Config.from_env(self.env).database_url.get_secret_value())
        except MigrationError as error:
            fix = f"move {self.folder.path} away or choose another --data-dir" if self.plan.postgres else "set another DATABASE_URL"
            raise StartupError(f"the data does not fit this version ({error}); {fix}") from None

    def _history(self) -> None:
        """A simulated past, in a process of its own: it can be stopped like every other part."""
        if not self.options.history:
            return
        past.check_new(Config.from_env(self.env).database_url.get_secret_value())
        self._say(f"writing a simulated past of {self.options.history} days (about a minute)")
        child = self._run(parts.history(self.options, self.env, self.folder.log("history")))
        fix = f"read {child.part.log}; what was written is marked as simulated, so begin again with another --data-dir"
        wait_until(lambda: child.process.poll() == 0, child, past.WITHIN_S, fix, lambda: self.stopping)
        if not self.stopping:
            self._children.remove(child)
            self._remember()
            self._say(f"the simulated past is written: {child.last_words(1)}")

    def _programs(self) -> None:
        self._say("starting the collectors and the traffic")
        self._run(parts.collectors(self.env, self.folder.log("collectors")))
        if self.options.traffic:
            self._run(parts.traffic(self.options, self.env, self.folder.log("traffic")))
        fix = f"read {self._board.part.log}, or choose another --port"
        wait_until(lambda: parts.answers(self.options.port, "/healthz"), self._board, 60.0, fix, lambda: self.stopping)

    def _run(self, part: DemoPart) -> Child:
        child = spawn(part)
        self._children.append(child)
        self._remember()
        return child

    def _remember(self) -> None:
        self.folder.remember((c.part.name, c.process.pid, c.born, int(c.part.stop)) for c in self._children)

    # --- watching and stopping ---

    def _start_again(self, child: Child) -> None:
        name = child.part.name
        self._children.remove(child)
        now = time.monotonic()
        self._falls[name] = [at for at in self._falls[name] if now - at < 60] + [now]
        if len(self._falls[name]) <= MOST_FALLS:
            self._say(f"{name} stopped; starting it again")
            self._run(child.part)
        elif name in OPTIONAL:
            self._say(f"{name} keeps stopping and is left off ({child.last_words(1)}); its log: {child.part.log}")
        else:
            raise StartupError(f"{name} keeps stopping ({child.last_words(1)}); its log: {child.part.log}")

    def _stop(self) -> None:
        """Programs first, then the servers they talk to: under five seconds in all."""
        self.stopping = True
        stop([child for child in self._children if not child.part.last], PROGRAMS_S)
        stop([child for child in self._children if child.part.last], SERVERS_S)
        self._children.clear()
        with suppress(StartupError):  # a full disk: the note names processes that are gone, and nobody is misled by it
            self._remember()

    def _told_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True
