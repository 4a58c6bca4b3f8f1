"""What a limiter must answer, in plain integers and without cleverness:
every hit kept, every question counted afresh.
"""

from dataclasses import dataclass, field, replace
from fractions import Fraction

from prosepolish_core.model.limit import Algorithm, Limit


@dataclass
class Kept:
    """What one limit of one subject has seen."""

    hits: list[tuple[int, int]] = field(default_factory=list)  # log: (instant, cost)
    ends: int = 0  # window
    count: int = 0
    free: Fraction = Fraction(0)  # gcra: instant at which all is free again


Answer = tuple[bool, int, int, int]


class Oracle:
    """Answers and charges; the caller says what time it is."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, Limit], Kept] = {}
        self.remembered: dict[tuple[str, str], tuple[int, tuple[bool, list[Answer]]]] = {}

    def call(self, subject: str, limits: tuple[Limit, ...], cost: int, now: int, *, charge: bool) -> tuple[bool, list[Answer]]:
        """(allowed, per limit: admits it, remaining, retry after, reset) after the call."""
        answers = [self._answer(subject, limit, cost, now) for limit in limits]
        allowed = all(answer[0] or limit.shadow for answer, limit in zip(answers, limits, strict=True))
        if charge and allowed:
            for i, limit in enumerate(limits):
                if answers[i][0]:
                    self._charge(subject, limit, cost, now)
                    _, remaining, _, reset = self._answer(subject, limit, 1, now)
                    answers[i] = (True, remaining, 0, reset)
        return allowed, answers

    def forget(self, subject: str, limits: tuple[Limit, ...]) -> None:
        """A reset."""
        for limit in limits:
            self.kept.pop((limit.subject or subject, limit), None)

    def free_at(self, subject: str, limit: Limit, now: int) -> int:
        """The instant from which the past no longer matters."""
        kept = self.kept.get((limit.subject or subject, limit)) or Kept()
        return getattr(self, f"_{limit.algorithm.value}")(replace(kept), limit, 1, now)[3]

    # --- one limit ---

    def _answer(self, subject: str, limit: Limit, cost: int, now: int) -> Answer:
        kept = self.kept.get((limit.subject or subject, limit)) or Kept()
        return getattr(self, f"_{limit.algorithm.value}")(kept, limit, cost, now)

    def _log(self, kept: Kept, limit: Limit, cost: int, now: int) -> Answer:
        window = limit.per_s * 1_000_000
        kept.hits = [(min(at, now), spent) for at, spent in kept.hits]
        live = [(at, spent) for at, spent in kept.hits if at + window > now]
        used = sum(spent for _, spent in live)
        reset = max((at for at, _ in live), default=now - window) + window
        if used + cost <= limit.amount:
            return True, limit.amount - used, 0, reset
        retry = -1
        if cost <= limit.amount:
            for at, _ in live:
                used_then = sum(s for a, s in live if a > at)
                if used_then + cost <= limit.amount:
                    retry = at + window - now
                    break
        return False, max(limit.amount - used, 0), retry, reset

    def _window(self, kept: Kept, limit: Limit, cost: int, now: int) -> Answer:
        window = limit.per_s * 1_000_000
        if kept.ends > now + window:
            kept.ends = now + window
        ends, count = (kept.ends, kept.count) if kept.ends > now else (now + window, 0)
        reset = ends if count else now
        if count + cost <= limit.amount:
            return True, limit.amount - count, 0, reset
        return False, limit.amount - count, -1 if cost > limit.amount else ends - now, reset

    def _gcra(self, kept: Kept, limit: Limit, cost: int, now: int) -> Answer:
        if not limit.amount:
            return False, 0, -1, now
        window = limit.per_s * 1_000_000
        each = Fraction(window, limit.amount)
        if kept.free > now + window:
            kept.free = Fraction(now + window)
        free = max(kept.free, Fraction(now))
        room = now + window - free
        remaining, reset = int(room / each), _up(free)
        if cost * each <= room:
            return True, remaining, 0, reset
        return False, remaining, -1 if cost > limit.amount else _up(cost * each - room), reset

    def _charge(self, subject: str, limit: Limit, cost: int, now: int) -> None:
        kept = self.kept.setdefault((limit.subject or subject, limit), Kept())
        if limit.algorithm is Algorithm.LOG:
            window = limit.per_s * 1_000_000
            kept.hits = [*((at, spent) for at, spent in kept.hits if at + window > now), (now, cost)]
        elif limit.algorithm is Algorithm.WINDOW:
            if kept.ends <= now:
                kept.ends, kept.count = now + limit.per_s * 1_000_000, 0
            kept.count += cost
        else:
            kept.free = max(kept.free, Fraction(now)) + Fraction(limit.per_s * 1_000_000 * cost, limit.amount)


def _up(value: Fraction) -> int:
    return -(-value.numerator // value.denominator)
