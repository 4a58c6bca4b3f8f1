"""A Valkey that can be lost: the cache, or the server of sessions and limits."""

from __future__ import annotations

import redis

from demo.children import DemoPart
from demo.embedded import valkey
from demo.embedded.ports import free_port

from .lost_server import BARE_S, ENV, OTHER_PASSWORD, PASSWORD, Server, wait_until


class Valkey(Server):
    """The cache, or the server of sessions and limits."""

    @property
    def url(self) -> str:
        return valkey.url(self.address, PASSWORD)

    def part(self, port: int) -> DemoPart:
        return valkey.part(
            self.name, port=port, password=PASSWORD, folder=self.folder, log=self.folder.with_suffix(".log"), env=ENV
        )

    def answers(self, port: int) -> bool:
        try:
            with redis.Redis(port=port, password=PASSWORD, socket_timeout=BARE_S, socket_connect_timeout=BARE_S) as client:
                return bool(client.set("bare", 1, px=1000))
        except redis.RedisError:
            return False

    def connections(self) -> int:
        if self.switch:
            return self.switch("count", self.name)
        with self.admin() as client:
            return int(client.info("stats")["total_connections_received"])

    def admin(self, password: str = PASSWORD) -> redis.Redis:
        """A patient client of the server itself."""
        return redis.Redis(port=self.port, password=password, socket_timeout=10)

    def mistrust(self) -> None:
        with self.admin() as client:
            client.config_set("requirepass", OTHER_PASSWORD)
            client.execute_command("AUTH", OTHER_PASSWORD)
            for kind in ("normal", "pubsub"):
                client.client_kill_filter(_type=kind, skipme=True)

    def trust(self) -> None:
        with self.admin(OTHER_PASSWORD) as client:
            client.config_set("requirepass", PASSWORD)

    def demote(self) -> None:
        was, self.old, old = self.port, self.child, self.admin()
        with old:
            old.config_set("masterauth", PASSWORD)
            self.folder, self.port = self.folder.with_name(f"{self.folder.name}.{was}"), free_port()
            self.start()
            with self.admin() as new:
                new.config_set("masterauth", PASSWORD)
                new.replicaof("127.0.0.1", str(was))
                wait_until(lambda: new.info("replication").get("master_link_status") == "up", "the replica does not follow")
                old.replicaof("127.0.0.1", str(self.port))
                new.replicaof("NO", "ONE")
