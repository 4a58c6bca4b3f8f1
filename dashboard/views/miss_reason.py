"""Why a word was not in Redis, by what its own trace says and what the server counted: the evidence, never a guess."""

from prosepolish_core.calc import numbers
from prosepolish_core.model.outcome import FAILED, HITS, Outcome, Tier, Trace


def reason(trace: Trace, evicted: float | None = None) -> str:
    """A sentence for a call that Redis did not answer; empty where it did.

    `evicted`: keys the cache threw away in the last hour, None where nobody knows.
    """
    said = {step.tier: step for step in trace}
    redis, postgres = said.get(Tier.REDIS), said.get(Tier.POSTGRES)
    if redis is None or redis.outcome in HITS:
        return ""
    if redis.outcome is Outcome.COALESCED:
        return "Another caller was loading it at this moment: this call waited for that answer."
    if redis.outcome in FAILED:
        return f"Redis was not available ({redis.detail or redis.outcome}), so nothing is known of what it holds."
    if postgres is None or postgres.outcome in FAILED:
        return "It was not in Redis. PostgreSQL, which could tell whether it ever was, did not answer."
    if postgres.outcome in HITS:
        return f"It had been cached: PostgreSQL still has it. In Redis {_gone(evicted)}"
    return "It was never cached here, or it was invalidated: PostgreSQL, which keeps every answer, does not have it either."


def _gone(evicted: float | None) -> str:
    if evicted is None:
        return "it has expired, was evicted, or was cleared; how many keys were evicted is not known now."
    if evicted == 0:
        return "it has expired or was cleared: the cache evicted no key in the last hour."
    return f"it has expired, was cleared, or was one of the {numbers.count(evicted)} keys the cache evicted in the last hour."
