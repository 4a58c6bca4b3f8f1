"""Everything comes back by itself, on a short slice of the campaign; how soon is for `make recovery` to judge."""

from collections.abc import Iterator

import pytest

from benchmarks.recovery.outage import run
from benchmarks.recovery.probes import UNTYPED, WRONG
from benchmarks.recovery.rows import Row, small
from benchmarks.recovery.stack import Stack

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]
#: Seconds after which a service that has not come back counts as lost, on a machine that is busy with other tests.
PATIENCE_S = 20.0
#: On such a machine every other call misses the 50 ms of the live path, and nothing would ever be well.
PATIENT = {"PROSEPOLISH_REDIS_TIMEOUT_S": "0.5"}


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Five servers behind a switch, and a core, a dashboard and collectors in processes of their own."""
    with Stack(switched=True, seed=1, settings=PATIENT) as made:
        yield made


@pytest.mark.parametrize("row", small(), ids=lambda row: row.name)
def test_everything_comes_back_by_itself(stack: Stack, row: Row) -> None:
    """Each service answers well again; no answer is wrong and no exception is a stranger, before, during and after."""
    result = run(stack, row, PATIENCE_S)
    if any(not one.ever for one in result.settled.values()):
        stack.renew()  # the next row begins with everything well
    assert {name: one.last_bad for name, one in result.settled.items() if not one.ever} == {}
    assert (result.counts[WRONG], result.counts[UNTYPED], result.amiss) == (0, 0, [])
