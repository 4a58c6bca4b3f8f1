"""Does the what-if planner tell what real servers do? (bars: hit rate 1 point, at worst 3; bill 3 %).

Four days of reads are played against real servers, with several times to live and limits of memory at once.
Time is scaled: gaps, times to live and Redis's own background work (`hz`, expiry effort) run alike faster. What cannot
be scaled is Redis's LRU clock, one second: the longer the replay, the nearer it is to life.
"""

import argparse
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import redis

from benchmarks._redis_versions import installed, served
from benchmarks._whatif_trace import FAMILIES, SimulatedReads, simulated, traced
from prosepolish_core.calc.whatif.replay import TraceReplay
from prosepolish_core.calc.whatif.trace import JITTER, from_chunks
from prosepolish_core.model.whatif import Policy, Scenario
from prosepolish_core.model.window import Window

LLM_TTL_H = (6, 24, 72)
SHARES = (0.08, 0.2, 0.4, 0.7, 1.3)
OTHER = (Policy.ALLKEYS_RANDOM, Policy.VOLATILE_TTL, Policy.NOEVICTION)
TICK_S = 0.02
MEAN_BAR, WORST_BAR, BILL_BAR = 0.01, 0.03, 0.03


@dataclass
class Setting:
    """One server under one scenario, and what it answered."""

    server: str
    allocator: str
    scenario: Scenario
    share: float
    client: redis.Redis
    hits: np.ndarray

    def play(self, reads: SimulatedReads, chosen: range, speed: float, drawn: np.ndarray, ttl_ms: np.ndarray) -> None:
        """These reads, in one round trip; then the fills of what was missing, in another."""
        pipe = self.client.pipeline(transaction=False)
        for n in chosen:
            pipe.get(reads.key[n])
        found = pipe.execute()
        filled: dict[str, None] = {}  # in order
        for n, value in zip(chosen, found, strict=True):
            key = reads.key[n]
            if value is not None or key in filled:
                self.hits[n] = True
                continue
            filled[key] = None
            life = ttl_ms[reads.family[n]] * (1 - JITTER * drawn[n]) / speed
            pipe.set(key, b"x" * (int(reads.bytes[n]) - len(key)), px=max(1, round(life)))
        if filled:  # a full server that evicts nothing refuses: then what was read again in this tick was no hit
            replies = zip(filled, pipe.execute(raise_on_error=False), strict=True)
            refused = {key for key, reply in replies if isinstance(reply, redis.RedisError)}
            for n, value in zip(chosen, found, strict=True):
                if value is None and reads.key[n] in refused:
                    self.hits[n] = False


def main() -> int:
    """Play, predict, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reads", type=int, default=60_000)
    parser.add_argument("--hours", type=float, default=96)
    parser.add_argument("--seconds", type=float, default=480)
    parser.add_argument("--seed", type=int, default=12)
    parser.add_argument("--policy", type=Policy, choices=list(Policy), help="only this one")
    given = parser.parse_args()
    reads = simulated(given.reads, given.hours, given.seed)
    window = Window.last(reads.span_ms / 1000)
    chunks = [c._replace(ts=window.start + (c.ts - EPOCH)) for c in traced(reads)]
    faster = given.hours * 3600 / given.seconds
    print(f"{len(reads):,} reads in {given.hours:g} h, played in {given.seconds:g} s ({faster:.0f} times faster)")
    with ExitStack() as stack:
        settings = started(stack, given.policy)
        limits(settings, {a: TraceReplay(from_chunks(chunks, window, a).reads, {}) for a in {s.allocator for s in settings}})
        play(reads, settings, faster)
        return compared(reads, settings, chunks, window)


def started(stack: ExitStack, only: Policy | None = None) -> list[Setting]:
    """A server for every scenario."""
    programs = {name: path for name, path in installed().items() if not name.startswith("redis-6")}
    wanted = [(h, share, Policy.ALLKEYS_LRU) for h in LLM_TTL_H for share in SHARES] + [(24, 0.4, policy) for policy in OTHER]
    wanted = [row for row in wanted if only in {None, row[2]}]
    found = []
    for name, program in programs.items():
        for hours, share, policy in wanted:
            port = stack.enter_context(served(program, "--hz", "50", "--active-expire-effort", "10", "--maxmemory-policy", policy))
            client = stack.enter_context(redis.Redis(port=port))
            allocator = str(client.info("memory")["mem_allocator"])
            ttl = {"dict": 3600.0, "llm": hours * 3600.0, "user": 900.0}
            found.append(Setting(name, allocator, Scenario(ttl, None, policy), share, client, np.zeros(0)))
    return found


def limits(settings: list[Setting], replays: dict[str, TraceReplay]) -> None:
    """Memory as a share of what the 24 h scenario holds at most, above what the empty server takes."""
    for s in settings:
        ttl = {"dict": 3600.0, "llm": 24 * 3600.0, "user": 900.0}
        room = int(replays[s.allocator].play(Scenario(ttl)).held.max() * s.share)
        warm = s.client.pipeline(transaction=False)
        for n in range(20):
            warm.set(f"warm:{n}", b"x" * 3000, px=1)
        warm.execute()
        time.sleep(0.05)
        base = int(s.client.info("memory")["used_memory"])
        s.client.config_set("maxmemory", base + room)
        s.scenario = Scenario(s.scenario.ttl_s, room, s.scenario.policy)


def play(reads: SimulatedReads, settings: list[Setting], speed: float) -> None:
    """All servers side by side, every read at its own instant."""
    drawn = np.random.default_rng(5).random(len(reads))
    ttls = [np.array([s.scenario.ttl_s[family] * 1000 for family in FAMILIES]) for s in settings]
    for s in settings:
        s.hits = np.zeros(len(reads), bool)
    began, n, latest = time.monotonic(), 0, 0.0
    while n < len(reads):
        now = time.monotonic() - began
        until = int(np.searchsorted(reads.at, now * 1000 * speed))
        if until > n:
            latest = max(latest, now - reads.at[n] / 1000 / speed)
            for s, ttl in zip(settings, ttls, strict=True):
                s.play(reads, range(n, until), speed, drawn, ttl)
            n = until
        time.sleep(TICK_S)
    print(f"latest read {latest * 1000:.0f} ms behind its instant ({latest * speed / 60:.1f} minutes of the trace)")


def compared(reads: SimulatedReads, settings: list[Setting], chunks: list, window: Window) -> int:
    """The table, and whether the bars were met."""
    widths = (11, 15, -8, -8, -10, -10, -7, -9, -10, -7)
    names = ("server", "policy", "LLM TTL", "memory", "hit rate", "predicted", "off", "bill $", "predicted", "off")
    print("".join(name.rjust(-width) if width < 0 else name.ljust(width) for name, width in zip(names, widths, strict=True)))
    replays = {a: TraceReplay(from_chunks(chunks, window, a).reads, {}) for a in {s.allocator for s in settings}}
    errors: dict[str, list[tuple[float, float]]] = {}
    llm = reads.family == FAMILIES.index("llm")
    for s in settings:
        replay = replays[s.allocator]
        miss = replay.play(s.scenario).miss
        predicted = 1 - miss.mean()
        paid = np.nansum(replay.reads.usd[miss])
        real, bill = s.hits.mean(), reads.usd[llm & ~s.hits].sum()
        errors.setdefault("lru" if s.scenario.policy == Policy.ALLKEYS_LRU else "other", []).append(
            (abs(predicted - real), abs(paid / bill - 1))
        )
        print(
            f"{s.server:<11}{s.scenario.policy:<15}{s.scenario.ttl_s['llm'] / 3600:>6.0f} h{s.share:>8.0%}"
            f"{real:>10.2%}{predicted:>10.2%}{(predicted - real) * 100:>+7.2f}{bill:>9.3f}{paid:>10.3f}{paid / bill - 1:>+7.1%}"
        )
    code = 0
    for name, found in errors.items():
        rates, bills = np.array(found).T
        met = rates.mean() <= MEAN_BAR and rates.max() <= WORST_BAR and bills.max() <= BILL_BAR
        code |= int(name == "lru" and not met)
        print(
            f"{name}: hit rate off by {rates.mean() * 100:.2f} points on average, {rates.max() * 100:.2f} at worst; "
            f"bill off by {bills.mean():.1%} on average, {bills.max():.1%} at worst: {'met' if met else 'MISSED'}"
        )
    return code


EPOCH = datetime.fromtimestamp(0, UTC)

if __name__ == "__main__":
    raise SystemExit(main())
