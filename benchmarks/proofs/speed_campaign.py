"""How long does a decision take, beside a bare EVALSHA of a trivial script, and beside the peers?"""

from benchmarks import limiter_speed

from .table import Row

NAME = "speed, one thread"


def run(seed: int, scale: float, small: bool = False) -> list[Row]:
    """The figures of `benchmarks/limiter_speed.py` as rows."""
    figures = limiter_speed.measure(rounds=max(int((20 if small else 100) * scale), 2))
    bare = figures["bare EVALSHA"]
    ours = {name: figures[name] for name in limiter_speed.OURS}
    rows = [
        Row(f"{NAME}: {name}", seed, limiter_speed.SIZE, f"{us:.0f} µs, {us / bare:.2f} x", f"≤ {bar} x", us <= bar * bare)
        for (name, us), bar in zip(ours.items(), limiter_speed.OURS.values(), strict=True)
    ]
    peers = {name: us for name, us in figures.items() if name not in ours and name != "bare EVALSHA"}
    one = next(iter(ours.values()))
    told = ", ".join(f"{name} {us:.0f}" for name, us in peers.items())
    fastest = min(peers.values(), default=float("inf"))
    return [*rows, Row(f"{NAME}: peers (µs)", seed, limiter_speed.SIZE, told, f"all above ours ({one:.0f})", one < fastest)]
