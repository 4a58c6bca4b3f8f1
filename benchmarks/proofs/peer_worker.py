"""Runs inside the peers' environment: reads one question a line, answers with one JSON line.

Knows nothing of the project.
"""

import json
import sys
import time
from datetime import timedelta
from pathlib import Path

import redis

sys.path.insert(0, str(Path(__file__).parent))
from attack import attack, worst


def build(name: str, url: str, key: str, limit: int, window_s: int):
    library, _, kind = name.partition(" ")
    if library == "limits":
        from limits import RateLimitItemPerSecond, storage, strategies

        kinds = {
            "fixed window": strategies.FixedWindowRateLimiter,
            "sliding window counter": strategies.SlidingWindowCounterRateLimiter,
            "sliding log": strategies.MovingWindowRateLimiter,
        }
        limiter, item = kinds[kind](storage.storage_from_string(url)), RateLimitItemPerSecond(limit, window_s)
        return lambda subject=key: limiter.hit(item, subject)
    if library == "throttled-py":
        from throttled import RateLimiterType, Throttled, rate_limiter, store

        kinds = {
            "fixed window": RateLimiterType.FIXED_WINDOW,
            "sliding window": RateLimiterType.SLIDING_WINDOW,
            "token bucket": RateLimiterType.TOKEN_BUCKET,
            "GCRA": RateLimiterType.GCRA,
        }
        quota = rate_limiter.per_duration(timedelta(seconds=window_s), limit, burst=limit)
        throttle = Throttled(using=kinds[kind].value, quota=quota, store=store.RedisStore(server=url))
        return lambda subject=key: not throttle.limit(subject).limited
    from pyrate_limiter import Duration, Limiter, Rate, RedisBucket

    client, made = redis.Redis.from_url(url), {}

    def hit(subject: str = key) -> bool:
        if subject not in made:
            bucket = RedisBucket.init([Rate(limit, Duration.SECOND * window_s)], client, "pyrate:" + subject)
            made[subject] = Limiter(bucket)
        return bool(made[subject].try_acquire(subject, blocking=False))

    return hit


def answer(url: str, question: dict) -> object:  # type: ignore[type-arg]
    limit, window_s = int(question["limit"]), int(question["window_s"])
    key = f"peer:{time.time_ns()}"
    admitted = build(question["name"], url, key, limit, window_s)
    if question["what"] == "attack":

        def admit() -> "int | None":
            before = time.time_ns()
            if not admitted():
                return None
            return (before + time.time_ns()) // 2000

        hits = attack(admit, window_s, limit, question["seconds"], int(question["seed"]))
        # the client's instants are not the server's: allow each peer 5 ms in its favour
        return {"worst": worst(hits, window_s * 1_000_000 - 5_000), "admitted": len(hits)}
    took = []
    for _ in range(50):
        admitted()
    for i in range(int(question["calls"])):
        subject = f"{key}:{i // 80}"  # as ours: a new one before the limit is reached, so that every call is admitted
        before = time.perf_counter_ns()
        admitted(subject)
        took.append(time.perf_counter_ns() - before)
    took.sort()
    return {"p50_us": took[len(took) // 2] / 1000}


def main() -> None:
    url = f"redis://127.0.0.1:{sys.argv[1]}/0"
    for line in sys.stdin:
        try:
            said: object = answer(url, json.loads(line))
        except Exception as error:  # noqa: BLE001 - one peer's failure is its answer
            said = {"error": f"{type(error).__name__}: {error}"[:200]}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
