"""Does the oracle notice when the script is wrong?

Hand-made mutants, the reference's two bugs among them; all must be killed.
"""
# ruff: noqa: E501

import random
from typing import NamedTuple

import redis

from prosepolish_core.live.limits.limiter import CHECK

from .limits_world import SETS, SUBJECTS, Divergence, World
from .servers import client, valkey
from .table import Row

NAME = "script mutants"
#: Operations that a mutant may survive before it counts as alive.
FULL, SMALL = 60_000, 15_000


class Mutant(NamedTuple):
    """A change of the script: this text becomes that, once."""

    what: str
    this: str
    that: str


MUTANTS = (
    Mutant("the reference's first bug: the window is re-armed by every hit", "ends, count = stored, hits end", "ends, count = now + window, hits end"),
    Mutant(
        "the reference's second bug: a key without expiry",
        "redis.call('SET', KEYS[i], whole[i], 'PX', lives_ms[i])",
        "if #whole[i] == 12 then redis.call('SET', KEYS[i], whole[i]) else redis.call('SET', KEYS[i], whole[i], 'PX', lives_ms[i]) end",
    ),
    Mutant("a log's first hit has no expiry", "redis.call('SET', KEYS[i], whole[i], 'PX', lives_ms[i])", "if #whole[i] == 17 then redis.call('SET', KEYS[i], whole[i]) else redis.call('SET', KEYS[i], whole[i], 'PX', lives_ms[i]) end"),
    Mutant("a log's later hits do not move its expiry", "    redis.call('APPEND', KEYS[i], added[i])\n    redis.call('PEXPIRE', KEYS[i], lives_ms[i])\n", "    redis.call('APPEND', KEYS[i], added[i])\n"),
    Mutant("a log's later hits take its expiry away", "redis.call('APPEND', KEYS[i], added[i])", "redis.call('SET', KEYS[i], values[i] .. added[i]) lives_ms[i] = 4e12"),
    Mutant("log: a hit is appended twice", "redis.call('APPEND', KEYS[i], added[i])", "redis.call('APPEND', KEYS[i], added[i] .. added[i])"),
    Mutant("log: appended to expired hits", "if live == 1 then added[i] = hit", "if true then added[i] = hit"),
    Mutant("log: one too many", "if over <= 0 then\n", "if over <= 1 then\n"),
    Mutant("log: one too few", "if over <= 0 then\n", "if over < 0 then\n"),
    Mutant("log: an empty log admits any cost", "ok, x, y, z = cost <= amount, 0, cost > amount and -1 or 0, now", "ok, x, y, z = true, 0, 0, now"),
    Mutant("log: a hit counts one µs too short", "if stamp > now - window then", "if stamp > now - window + 1 then"),
    Mutant("log: expired hits are not trimmed", "if first <= now - window then", "if false then"),
    Mutant("log: the edge of the window, one off", "v, 12 * middle - 6) > now - window then", "v, 12 * middle - 6) >= now - window then"),
    Mutant("log: the base of a trimmed log is forgotten", "base = unpack_bytes('>I5', v, 12 * live - 11)\n", ""),
    Mutant("log: retry after the newest hit, not the needed one", "y = unpack_bytes('>I7', v, 12 * enough - 6) + window - now", "y = stamp + window - now"),
    Mutant("log: retry after the oldest hit, not the needed one", "y = unpack_bytes('>I7', v, 12 * enough - 6) + window - now", "y = unpack_bytes('>I7', v, 12 * live - 6) + window - now"),
    Mutant("log: retry one µs early", "12 * enough - 6) + window - now\n", "12 * enough - 6) + window - now - 1\n"),
    Mutant("log: the reset forgets the newest hit", "x, z = used, stamp + window", "x, z = used, over <= 0 and now or stamp + window"),
    Mutant("log: a cost counts as one hit", "(last + cost) % WRAP", "(last + 1) % WRAP"),
    Mutant("log: the first cost counts as one hit", "pack_bytes('>I5I7I5', 0, now, cost)", "pack_bytes('>I5I7I5', 0, now, 1)"),
    Mutant("log: hits of the future are not clamped", "if stamp > now then\n", "if false then\n"),
    Mutant("log: clamped hits are not kept", "v, stamp = table.concat(parts), now\n        redis.call('SET', KEYS[i], v, 'PX', ms)", "v, stamp = table.concat(parts), now"),
    Mutant("log: impossible costs look possible", "ok = false\n", "ok = false\n          if cost > amount then y = window end\n"),
    Mutant("window: one too many", "ok, x, y, z = count + cost <= amount, count", "ok, x, y, z = count < amount, count"),
    Mutant("window: compares with 1, not with the cost", "ok, x, y, z = count + cost <= amount, count", "ok, x, y, z = count + 1 <= amount, count"),
    Mutant("window: never closes", "if stored > now then ends", "if stored > 0 then ends"),
    Mutant("window: closes one µs late", "if stored > now then ends", "if stored >= now then ends"),
    Mutant("window: charges one whatever the cost", "pack_bytes('>I7I5', ends, count + cost)", "pack_bytes('>I7I5', ends, count + 1)"),
    Mutant("window: retry recomputed as a whole window", "cost > amount and -1 or ends - now, count", "cost > amount and -1 or window, count"),
    Mutant("window: an end in the far future stays", "if ends > now + window then", "if false then"),
    Mutant("gcra: burst one too large", "local late = free - now - window", "local late = free - now - window - step"),
    Mutant("gcra: the exact edge is denied", "or (late == 0 and part == 0))", "or false)"),
    Mutant("gcra: the edge ignores the remainder", "or (late == 0 and part == 0))", "or late == 0)"),
    Mutant("gcra: remainders are dropped", "y + rest\n", "y\n"),
    Mutant("gcra: no carry of the remainder", "free, part = free + 1, part - amount", "part = part - amount"),
    Mutant("gcra: debt of the past is kept as credit", "if stored >= now and part < amount then", "if part < amount then"),
    Mutant("gcra: a cost above the limit passes", "ok = cost <= amount and (late < 0", "ok = (late < 0"),
    Mutant("gcra: debt in the far future stays", "if x - now > window or", "if false and"),
    Mutant("gcra: the step of a cost of one", "local free, part = x + step", "local free, part = x + step / cost"),
    Mutant("denied calls are charged", "local charged = allowed == 1 and charge == 1", "local charged = charge == 1 for i = 1, n do if values[i] and not whole[i] then added[i] = added[i] or pack_bytes('>I7I5', now, unpack_bytes('>I5', values[i], #values[i] - 4) + 1) end end"),
    Mutant("partial charges: each limit by itself", "local charged = allowed == 1 and charge == 1", "local charged = charge == 1"),
    Mutant("a look charges", "local charged = allowed == 1 and charge == 1", "local charged = allowed == 1"),
    Mutant("only the first limit is charged", "if charged and whole[i] then", "if i > 1 then elseif charged and whole[i] then"),
    Mutant("only the first limit is tested", "if not ok and shadow == 0 then", "if not ok and shadow == 0 and i == 1 then"),
    Mutant("shadow limits deny", "if not ok and shadow == 0 then", "if not ok then"),
    Mutant("a denying shadow limit is charged", "    if ok and not used then whole[i]", "    if not used or not ok and cost <= amount then whole[i]"),
    Mutant("a repeated request is charged again", "if values[n + 1] then\n", "if false then\n"),
    Mutant("a repeated request says another instant", "KEYS[n + 1], said, 'PX'", "KEYS[n + 1], pack_bytes('>I8', math.floor(now / 1000) * 1000) .. string.sub(said, 9), 'PX'"),
    Mutant("big numbers lose digits", "pack_bytes('>i8i8i8', x, y, z)", "pack_bytes('>i8i8i8', x, y, tonumber(tostring(z)))"),
    Mutant("the first of two limits is written under the other's key", "redis.call('SET', KEYS[i], whole[i]", "redis.call('SET', KEYS[n], whole[i]"),
    Mutant("an expiry lost is not given back", "redis.call('PTTL', KEYS[i]) == -1", "false"),
)  # fmt: skip


def run(seed: int, scale: float, small: bool = False) -> Row:
    """Every mutant gets the same operations as the original; it is killed by the first answer that differs."""
    size = max(int((SMALL if small else FULL) * scale), 500)
    alive, original_lives = [], True
    with valkey() as server:
        connection = client(server.port)
        original_lives = not killed(connection, CHECK.text, seed, min(size, 4000))
        for mutant in MUTANTS:
            if CHECK.text.count(mutant.this) != 1:
                message = f"the mutant '{mutant.what}' does not fit the script any more"
                raise SystemExit(message)
            if not killed(connection, CHECK.text.replace(mutant.this, mutant.that), seed, size):
                alive.append(mutant.what)
    for what in alive:
        print(f"alive: {what}")
    dead = len(MUTANTS) - len(alive)
    return Row(
        NAME, seed, f"{len(MUTANTS)} mutants, up to {size:,} operations each", f"{dead} killed", "all", original_lives and not alive
    )


def killed(connection: redis.Redis, text: str, seed: int, size: int) -> bool:
    """Whether the oracle (or the server) objects to this text within so many operations."""
    world = World(connection, text)
    numbers = random.Random(seed)
    try:
        for i in range(size):
            if i % 250 == 0:
                world.begin(seed + i)
                lost_expiry(world, connection, i)
            world.do(numbers.getrandbits(64))
    except Divergence:
        return True
    finally:
        world.close()
    return False


def lost_expiry(world: World, connection: redis.Redis, i: int) -> None:
    """A key whose expiry was taken away gets one again at the next call, even if that call is denied."""
    subject, limits = SUBJECTS[0], SETS[0]
    limiter = world._limiter
    world._scripts.now = world._now
    for _ in range(limits[0].amount):
        limiter.check(subject, limits)
    [key] = limiter._keys(subject, limiter._plan(limits, 1)).names
    connection.persist(key)
    if limiter.check(subject, limits).allowed or connection.pttl(key) < 0:
        message = "a key without expiry was left as it was"
        raise Divergence(message)
    world.begin(i)
