"""A part of the simulated world as ordinary code may call it: each call is an actor that runs until it is done."""

from collections.abc import Callable
from typing import Any

from benchmarks._world import World


class InWorld:
    """Stands before a part of a world and has its methods."""

    def __init__(self, world: World, part: object) -> None:
        self._world = world
        self._part = part

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._part, name)

        def call(*args: object, **options: object) -> Any:
            said: list[Any] = []
            self._world.run([self._world.start(lambda: said.append(method(*args, **options)))])
            return said[0]

        return call
