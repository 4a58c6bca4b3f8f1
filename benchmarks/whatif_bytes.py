"""How near is the planner's count of bytes to what servers use? (the growth of used_memory over 30,000 keys)."""

import numpy as np
import redis

from benchmarks._redis_versions import installed, served
from prosepolish_core.calc.whatif.entry_bytes import entry_bytes

KEYS = 30_000
SHAPES = {
    "dict": ("dict:word{:06d}", 300, 900),
    "llm": ("llm:correct:{:032x}", 400, 4000),
    "user": ("user:{}", 80, 1200),
    "settings": ("settings:{}", 60, 200),
}


def main() -> None:
    """A row for each server and family."""
    print(f"{'server':<12}{'family':<10}{'bytes a key':>12}{'counted':>10}{'off':>8}")
    drawn = np.random.default_rng(2)
    for name, program in installed().items():
        for family, (shape, low, high) in SHAPES.items():
            sizes = drawn.integers(low, high, KEYS)
            with served(program) as port, redis.Redis(port=port) as client:
                told = client.info("memory")
                pipe, taken = client.pipeline(transaction=False), []
                for n, size in enumerate(sizes.tolist()):
                    key = shape.format(n)
                    pipe.set(key, b"x" * size, px=10_000_000)
                    taken.append(len(key) + size)
                    if n % 2000 == 1999:
                        pipe.execute()
                grown = int(client.info("memory")["used_memory"]) - int(told["used_memory"])
                counted = float(entry_bytes(np.array(taken), family, str(told["mem_allocator"])).sum())
            print(f"{name:<12}{family:<10}{grown / KEYS:>12.0f}{counted / KEYS:>10.0f}{counted / grown - 1:>+8.1%}")


if __name__ == "__main__":
    main()
