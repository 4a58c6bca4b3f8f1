"""A month in which nothing is wrong: daily peaks, weekends, deploys twice a week, planned restarts."""

import numpy as np

from demo.history.counts import CountCourse, counted
from demo.history.courses import StreamCourse, streams
from demo.history.faults import restart
from demo.history.knobs import DAY_S, Knobs, Numbers, world

STEP_S = 60.0
#: Seconds that a deploy is felt: processes connect anew, some calls wait for them.
DEPLOY_S = 180.0
#: A planned restart of a server, as its users feel it.
RESTART_S = 8.0
#: By the weekday on which it falls, at a quarter past this hour.
DEPLOY_HOURS, RESTART_HOURS = {1: 10, 3: 15}, {2: 3}


def quiet(until: float, days: int, seed: int) -> tuple[Numbers, list[StreamCourse], list[CountCourse]]:
    """Instants, readings and counts of the `days` before `until`."""
    rng = np.random.default_rng(seed)
    at = until - days * DAY_S + STEP_S * np.arange(round(days * DAY_S / STEP_S))
    knobs = world(at, rng)
    for midnight in np.unique(at // DAY_S) * DAY_S:
        weekday = int(midnight // DAY_S + 3) % 7
        if (hour := DEPLOY_HOURS.get(weekday)) is not None:
            deploy(knobs, midnight + hour * 3600.0 + 900.0)
        if (hour := RESTART_HOURS.get(weekday)) is not None:
            for server in (knobs.cache, knobs.state):
                restart(knobs, server, midnight + hour * 3600.0 + 900.0, RESTART_S)
    return at, list(streams(knobs)), counted(knobs, rng)


def deploy(knobs: Knobs, begins: float) -> None:
    """Every process of the service is replaced, one after the other."""
    on = knobs.while_(begins, begins + DEPLOY_S)
    for server in (knobs.cache, knobs.state):
        server.connects[on] = 1.0
    knobs.connections[on] += 10.0
    for tier in knobs.tiers.values():
        tier.slow[on] *= 1.6
    knobs.tiers["redis"].fails[on] = 0.002
