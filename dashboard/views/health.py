"""How every dependency stands, and the status sentence. Needs no store, so it is true when the store is down."""

import time

from prosepolish_core import Core
from prosepolish_core.calc.status_sentence import StatusLine, status_line
from prosepolish_core.model.standing import Standing


def build(core: Core) -> tuple[Standing, ...]:
    """As the keeper judged it last."""
    return tuple(core.health())


def line(core: Core) -> StatusLine:
    """The first line of every page."""
    return status_line(core.health(), time.time())
