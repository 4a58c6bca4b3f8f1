"""What each dependency answers right now. Needs no store, so it is true when the store is down."""

from prosepolish_core import Core
from prosepolish_core.model.health import Dependency


def build(core: Core) -> tuple[Dependency, ...]:
    """Ask every dependency, all at once, within the health service's own deadline."""
    return tuple(core.health())
