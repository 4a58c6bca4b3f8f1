"""Does the limiter answer as an integer oracle does, under every algorithm, clock step, script flush and expiry?"""

import random
import time

import hypothesis
import hypothesis.errors
import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from prosepolish_core.live.limits.limiter import Limiter
from prosepolish_core.model.limit import Limit

from .limits_oracle import Oracle
from .limits_world import Divergence, World
from .servers import client, valkey
from .shards import SHARDS, in_shards
from .table import Row

NAME = "limits against an integer oracle"
FULL, SMALL = 2_000_000, 40_000
#: Operations of one burst of the state machine, and bursts of one example.
BURST, STEPS = 40, 25


def machine(world: World) -> type[RuleBasedStateMachine]:
    """A Hypothesis state machine over one world: each rule is a burst of drawn operations; failures shrink."""

    class LimitsMachine(RuleBasedStateMachine):
        @initialize(number=st.integers(0, 2**16))
        def begin(self, number: int) -> None:
            world.begin(number)

        @rule(numbers=st.lists(st.integers(0, 2**63), min_size=1, max_size=BURST))
        def drawn(self, numbers: list[int]) -> None:
            for number in numbers:
                world.do(number)

        @rule(seed=st.integers(0, 2**32))
        def seeded(self, seed: int) -> None:
            numbers = random.Random(seed)
            for _ in range(BURST):
                world.do(numbers.getrandbits(64))

        @invariant()
        def time_is_whole(self) -> None:
            assert isinstance(world._now, int)

    return LimitsMachine


def run(seed: int, scale: float, small: bool = False) -> Row:
    """Under the world's clock, and a twentieth as many more under the server's own, with real expiry."""
    size = max(int((SMALL if small else FULL) * scale), 400)
    parts = in_shards(part, seed, size, 1 if small else SHARDS)
    operations, found = sum(done for done, _ in parts), [what for _, what in parts if what]
    for what in found:
        print(what)
    return Row(NAME, seed, f"{operations:,} operations", f"{len(found)} divergences", "0 in 2,000,000", not found)


def part(seed: int, size: int) -> tuple[int, str]:
    """One process on a server of its own; gives the operations done and the first divergence, if any."""
    with valkey() as server:
        world = World(client(server.port))
        try:
            settings = hypothesis.settings(
                max_examples=max(size // 1000, 1),
                stateful_step_count=STEPS,
                deadline=None,
                database=None,
                suppress_health_check=list(hypothesis.HealthCheck),
                print_blob=False,
            )
            while world.operations < size:
                hypothesis.seed(seed + world.operations)(chosen := machine(world))
                try:
                    run_state_machine_as_test(chosen, settings=settings)
                except (Divergence, hypothesis.errors.Flaky) as error:
                    return world.operations, f"{error}"
        finally:
            world.close()
        more, found = under_the_servers_clock(server.port, seed, max(size // 20, 200))
        return world.operations + more, found


def under_the_servers_clock(port: int, seed: int, size: int) -> tuple[int, str]:
    """The shipped script, untouched: windows of a second, keys that really expire,
    the oracle told the server's instant.
    """
    limits = [Limit(n, 1, how) for n in (1, 5, 40) for how in ("log", "gcra", "window")]
    numbers = random.Random(seed)
    limiter, oracle = Limiter(client(port), deadline_s=5.0), Oracle()
    try:
        for i in range(size):
            subject, limit, cost = f"s{numbers.randrange(3)}", numbers.choice(limits), numbers.choice((1, 1, 1, 2, 5))
            told = limiter.check(subject, [limit], cost)
            allowed, [answer] = oracle.call(subject, (limit,), cost, told.at_us, charge=True)
            said = (told.states[0].retry_after_us == 0, *told.states[0][1:])
            if told.degraded or told.allowed != allowed or said != answer:
                return i, f"{limit.fingerprint} cost={cost} said {said}, oracle {answer}"
            if numbers.random() < 0.01:
                time.sleep(numbers.random() * 0.3)
        return size, ""
    finally:
        limiter.close()
