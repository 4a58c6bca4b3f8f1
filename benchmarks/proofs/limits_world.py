"""A limiter on a real server beside the oracle, under a clock that the proof turns: every answer is compared."""

import random
import time
from typing import Any

import redis

from prosepolish_core.drivers.redis_scripts import RedisScripts
from prosepolish_core.drivers.redis_wire import Script
from prosepolish_core.live.limits.limiter import CHECK, Limiter
from prosepolish_core.model.limit import Algorithm, Limit

from .limits_oracle import Answer, Oracle

#: The script as shipped, but reading the time from its nonce, and with an hour more on every expiry: the world's time
#: and the server's do not run alike, so expiry is played by the world (see `World.expire`).
HOUR_MS = 3_600_000
SUBJECTS = ("user:1:llm", "user:2:llm", "ip:10.0.0.1", "a:b%c*{d}é")
SETS: tuple[tuple[Limit, ...], ...] = (
    (Limit(3, 1),),
    (Limit(10, 60),),
    (Limit(1, 1),),
    (Limit(0, 60),),
    (Limit(40, 7),),
    (Limit(1000, 3600),),
    (Limit(3, 1, "gcra"),),
    (Limit(7, 60, "gcra"),),
    (Limit(1_000_000_000, 1),),
    (Limit(999_999_937, 30 * 86_400),),
    (Limit(0, 60, "gcra"),),
    (Limit(5, 2, "window"),),
    (Limit(100, 3600, "window"),),
    (Limit(0, 60, "window"),),
    (Limit(5, 10), Limit(20, 60), Limit(50, 600, subject="everybody")),
    (Limit(5, 10), Limit(6, 10, "gcra", subject="ip:1"), Limit(8, 20, "window", subject="everybody")),
    (Limit(4, 10), Limit(2, 10, shadow=True)),
    (Limit(4, 10, "gcra"), Limit(2, 5, "window", shadow=True, subject="other")),
)
START_US = 1_800_000_000_000_000


class Divergence(AssertionError):
    """The limiter and the oracle disagree."""


def under_the_worlds_clock(text: str) -> Script:
    """The script with its clock and its expiry replaced, and nothing else."""
    changed = text.replace("redis.call('TIME')", "{string.match(ARGV[1], '^(%d+)%.(%d+)')}")
    changed = changed.replace("'PX', ", f"'PX', {HOUR_MS} + ").replace("'PEXPIRE', KEYS[i], ", f"'PEXPIRE', KEYS[i], {HOUR_MS} + ")
    return Script("", "check", changed)


class _Clocked(RedisScripts):
    """Its nonces carry the world's time."""

    now = START_US

    def nonce(self) -> bytes:
        return b"%d.%06d.%b" % (self.now // 1_000_000, self.now % 1_000_000, super().nonce())


class World:
    """Operations by number, so that a random generator and Hypothesis can drive it alike."""

    def __init__(self, client: redis.Redis, text: str = CHECK.text) -> None:
        self._client = client
        self._scripts = _Clocked(client, deadline_s=5.0)
        self._limiter = Limiter(client, scripts=self._scripts, script=under_the_worlds_clock(text))
        self.operations = 0
        self.begin()

    def begin(self, number: int = 0) -> None:
        """A new world: nothing has happened. The number chooses the few subjects and sets of limits that live in it."""
        self._client.flushall()
        numbers = random.Random(number)
        self._subjects = numbers.sample(SUBJECTS, 2)
        self._sets = numbers.sample(SETS, 3)
        self._oracle = Oracle()
        self._now = START_US
        self._last_retry = 0
        self._requests: dict[tuple[Any, ...], tuple[int, int, list[Answer]]] = {}
        self._dropped: set[tuple[str, Limit]] = set()

    def close(self) -> None:
        """Give connections back."""
        self._limiter.close()

    def do(self, number: int) -> None:
        """One operation, chosen by the bits of a number."""
        self.operations += 1
        kind, number = number % 32, number // 32
        subject, number = self._subjects[number % 2], number // 2
        limits, number = self._sets[number % 3], number // 3
        cost = self._cost(limits, number)
        if kind < 14:
            self._call(subject, limits, cost, charge=True)
        elif kind < 17:
            self._call(subject, limits, cost, charge=False)
        elif kind < 20:
            self._call(subject, limits, cost, charge=True, request=f"r{number // 8 % 2}")
        elif kind < 30:
            self._turn_clock(kind - 20, number)
        elif kind == 30:
            self._reset_or_flush(subject, limits, number)
        else:
            self.expire()

    def _cost(self, limits: tuple[Limit, ...], number: int) -> int:
        amount = limits[0].amount
        return (1, 1, 1, 2, 3, max(amount // 2, 1), max(amount, 1), min(amount + 1, 1_000_000_000))[number % 8]

    def _call(self, subject: str, limits: tuple[Limit, ...], cost: int, *, charge: bool, request: str | None = None) -> None:
        self._scripts.now = now = self._now
        before_call = time.monotonic()
        told = self._limiter.check(subject, limits, cost, request) if charge else self._limiter.peek(subject, limits, cost)
        asked = (subject, limits, cost, request)
        if request and (before := self._requests.get(asked)) and now < before[0]:
            allowed, answers, at, replayed = True, before[2], before[1], True
        else:
            allowed, answers = self._oracle.call(subject, limits, cost, now, charge=charge)
            at, replayed = now, False
            if request and allowed:
                memory_s = min(max(60, *(limit.per_s for limit in limits)), 3600)
                self._requests[asked] = (now + memory_s * 1_000_000, now, answers)
        said = [(s.retry_after_us == 0, s.remaining, s.retry_after_us, s.reset_us) for s in told.states]
        if told.degraded or (told.allowed, said, told.at_us, told.replayed) != (allowed, answers, at, replayed):
            raise Divergence(
                f"{subject} {[(x.fingerprint, x.subject, x.shadow) for x in limits]} cost={cost} charge={charge} request={request}"
                f" now={now}:"
                f"\n said   {told.allowed} {said} at={told.at_us} replayed={told.replayed} degraded={told.degraded} {told.reason}"
                f"\n oracle {allowed} {answers} at={at} replayed={replayed}"
            )
        if charge and allowed and not replayed:
            charged = (limit for limit, answer in zip(limits, answers, strict=True) if answer[0])
            self._dropped -= {(limit.subject or subject, limit) for limit in charged}
        self._last_retry = told.retry_after_us if told.retry_after_us > 0 else self._last_retry
        if charge and allowed and not replayed and self.operations % 16 == 0:
            self._look_at_expiry(subject, limits, [answer[0] for answer in answers], before_call)

    def _look_at_expiry(self, subject: str, limits: tuple[Limit, ...], charged: list[bool], since: float) -> None:
        """Every key has an expiry; one written by this call keeps it no shorter than its state matters,
        and no longer than it may.

        A log holds no more than the hits that count.

        Real time has passed since the call began (much, on a busy machine), and the expiry has come nearer by at most
        that.
        """
        for key, limit, written in zip(self._keys(subject, limits), limits, charged, strict=True):
            needed_us = self._oracle.free_at(subject, limit, self._now) - self._now
            left_ms = self._client.pttl(key)
            passed_ms = (time.monotonic() - since) * 1000
            if left_ms == -2 and (needed_us == 0 or not written):
                continue
            if not left_ms >= 0:
                raise Divergence(f"{key} has no expiry")
            if limit.algorithm is Algorithm.LOG and self._client.strlen(key) > 5 + 12 * limit.amount:
                raise Divergence(f"{key} is too long")
            if written and not needed_us / 1000 - passed_ms - 2 <= left_ms - HOUR_MS <= limit.per_s * 1000 + 5:
                raise Divergence(f"{key} expires in {left_ms - HOUR_MS} ms, its state matters for {needed_us} µs")

    def _turn_clock(self, kind: int, number: int) -> None:
        steps = (
            number % 1000,
            number % 1_000_000,
            self._last_retry,
            max(self._last_retry - 1, 0),
            self._last_retry + 1,
            1_000_000,
            999_999,
            number % 60_000_000,
            (number % 40) * 86_400_000_000 if number % 4 == 0 else number % 10_000_000,
            -(number % 7_200_000_000) if number % 3 == 0 else 1,
        )
        before = self._now
        self._now = max(self._now + steps[kind], START_US - 86_400_000_000)
        for asked, (ends, *_rest) in list(self._requests.items()):
            if ends <= self._now:
                self._client.delete(*self._request_keys(asked))
                del self._requests[asked]
        if self._now < before:  # what the server had dropped does not come back with the hour
            for kept in self._dropped:
                self._oracle.kept.pop(kept, None)
            self._dropped.clear()

    def _reset_or_flush(self, subject: str, limits: tuple[Limit, ...], number: int) -> None:
        if number % 4 == 0:
            self._client.script_flush()
        elif self._limiter.reset(subject, limits):
            self._oracle.forget(subject, limits)
        else:
            raise Divergence("a reset did not reach the server")

    def expire(self) -> None:
        """The server drops every key whose state no longer matters: no answer may change by it."""
        for (subject, limit), _ in list(self._oracle.kept.items()):
            if self._oracle.free_at(subject, limit, self._now) <= self._now:
                self._client.delete(*self._keys(subject, (limit,)))
                self._dropped.add((subject, limit))

    def _keys(self, subject: str, limits: tuple[Limit, ...]) -> tuple[str, ...]:
        return self._limiter._keys(subject, self._limiter._plan(limits, 1)).names

    def _request_keys(self, asked: tuple[Any, ...]) -> list[str]:
        from prosepolish_core.live.limits.wire import request_suffix, stem

        subject, limits, cost, request = asked
        return [stem(subject, False) + request_suffix(request, self._limiter._plan(limits, cost))]
