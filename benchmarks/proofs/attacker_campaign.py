"""How many calls does an adaptive attacker get admitted in the worst window?

Ours by the server's instants, the peers beside it.
"""

from prosepolish_core.live.limits.limiter import Limiter
from prosepolish_core.model.limit import Limit

from .attack import attack, worst
from .peers import NAMES, peers
from .servers import client, valkey
from .table import Row

NAME = "worst admitted ÷ limit in any window"
FULL_S, SMALL_S = 120.0, 6.0
LIMIT, WINDOW_S = 100, 2
BARS = {"log": 1.0, "gcra": 2.0, "window": 2.0}


def run(seed: int, scale: float, small: bool = False) -> list[Row]:
    """One row per algorithm of ours (its stated bound is the bar), one for the peers."""
    seconds = max((SMALL_S if small else FULL_S) * scale, 1.0)
    window_s = 1 if small else WINDOW_S
    rows, beside = [], []
    with valkey() as server:
        for how, bar in BARS.items():
            limiter, limit = Limiter(client(server.port), deadline_s=5.0), Limit(LIMIT, window_s, how)

            def admit(limiter: Limiter = limiter, limit: Limit = limit) -> int | None:
                said = limiter.check(f"attacker-{limit.algorithm}", [limit])
                return said.at_us if said.allowed else None

            hits = attack(admit, window_s, LIMIT, seconds, seed)
            limiter.close()
            ratio = worst(hits, window_s * 1_000_000) / LIMIT
            told = f"{seconds:.0f} s, {len(hits):,} admitted"
            rows.append(Row(f"{NAME}: {how}", seed, told, f"{ratio:.3f}", f"≤ {bar:.3f}", ratio <= bar))
        with peers(server.port) as ask:
            for name in NAMES:
                said = ask(name, "attack", limit=LIMIT, window_s=window_s, seconds=seconds, seed=seed)
                beside.append(f"{name} {said['worst'] / LIMIT:.2f}" if "worst" in said else f"{name}: {said['error']}")
    rows.append(Row(f"{NAME}: peers", seed, f"{seconds:.0f} s each", ", ".join(beside), "for comparison", holds=True))
    return rows
