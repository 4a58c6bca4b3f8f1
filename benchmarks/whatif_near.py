"""Do keyed hashes tell of near misses what the texts themselves tell? (bar: 0.5 points of share and of dollars off).

Edit histories of 1,000 documents: sentences are changed, added and removed, blanks and quotes change. The trace's
records against a brute force over the texts, which compares them as texts, with the same times to live.
"""

import random

from prosepolish_core.calc.whatif.near_misses import PaidText, near_misses, paid_texts
from prosepolish_core.model.near_text import loosened, sentences
from prosepolish_core.watch.counts.access import AccessTrace

DOCUMENTS, EDITS, TTL_S, BAR = 1000, 12, 86_400.0, 0.005
WORDS = [
    "the",
    "a",
    "teh",
    "fox",
    "dog",
    "runs",
    "jumps",
    "over",
    "under",
    "quick",
    "lazy",
    "writes",
    "reads",
    "sees",
    "big",
    "small",
    "red",
    "house",
    "river",
    "and",
    "but",
    "then",
]


def histories(seed: int = 7) -> list[tuple[float, str, float]]:
    """Paid texts in the order of time: each differs from all before."""
    drawn = random.Random(seed)
    common = [sentence(drawn) for _ in range(60)]
    found = []
    for _ in range(DOCUMENTS):
        at = drawn.random() * 10 * 86_400
        parts = [drawn.choice(common) if drawn.random() < 0.1 else sentence(drawn) for _ in range(drawn.randint(1, 9))]
        for _ in range(drawn.randint(1, EDITS)):
            joined = drawn.choice((" ", "  ", "\n")).join(parts)
            text = joined.replace("'", "’") if drawn.random() < 0.2 else joined
            found.append((at, text, 0.00008 + len(text) * 1.2e-6))
            at += drawn.expovariate(1 / 5400)
            edited(drawn, parts)
    paid, seen = [], set()
    for at, text, usd in sorted(found):
        if text not in seen:
            seen.add(text)
            paid.append((at, text, usd))
    return paid


def sentence(drawn: random.Random) -> str:
    """Some words and a stop."""
    return f"{' '.join(drawn.choices(WORDS, k=drawn.randint(3, 14))).capitalize()}{drawn.choice('..!?')}"


def edited(drawn: random.Random, parts: list[str]) -> None:
    """None, one or two sentences changed, one added or removed."""
    for _ in range(drawn.choice((0, 1, 1, 1, 2))):
        parts[drawn.randrange(len(parts))] = sentence(drawn)
    if drawn.random() < 0.25:
        parts.insert(drawn.randint(0, len(parts)), sentence(drawn))
    elif drawn.random() < 0.1 and len(parts) > 1:
        del parts[drawn.randrange(len(parts))]


def brute(paid: list[tuple[float, str, float]]) -> list[tuple[float, float]]:
    """Share of hits and dollars saved of each looser key, by comparing texts with every text of the last 24 h."""
    folded: list[tuple[float, str]] = []
    parts_known: list[tuple[float, str]] = []
    before: list[tuple[float, list[str]]] = []
    hits, saved = [0, 0, 0], [0.0, 0.0, 0.0]
    for at, text, usd in paid:
        loose, parts = loosened(text), sentences(loosened(text))
        folded = [(until, old) for until, old in folded if until > at]
        parts_known = [(until, old) for until, old in parts_known if until > at]
        before = [(until, old) for until, old in before if until > at]
        if any(old == loose for _, old in folded):
            hits[0], saved[0] = hits[0] + 1, saved[0] + usd
        else:
            folded.append((at + TTL_S, loose))
        known = {old for _, old in parts_known}
        new = [part for part in parts if part not in known]
        hits[1] += not new
        saved[1] += usd * (1 - sum(map(len, new)) / sum(map(len, parts)))
        parts_known += [(at + TTL_S, part) for part in new]
        like = [old for _, old in before if alike(old, parts)]
        if like:
            hits[2] += 1
            saved[2] += usd * (1 - sum(len(part) for part in parts if part not in like[-1]) / sum(map(len, parts)))
        before.append((at + TTL_S, parts))
    return [(hit / len(paid), usd) for hit, usd in zip(hits, saved, strict=True)]


def alike(one: list[str], two: list[str]) -> bool:
    """Whether they are the same but for one sentence changed, added, removed or moved; a single other one is not."""
    if abs(len(one) - len(two)) > 1:
        return False
    start = 0
    while start < min(len(one), len(two)) and one[start] == two[start]:
        start += 1
    if start == len(one) == len(two):
        return True
    return bool(variants(one) & variants(two))


def variants(parts: list[str]) -> set[tuple[str, ...]]:
    """All of it, and all but each."""
    whole = tuple(parts)
    return {whole} | ({whole[:n] + whole[n + 1 :] for n in range(len(whole))} if len(whole) > 1 else set())


def main() -> int:
    """The table."""
    paid = histories()
    trace = AccessTrace(b"k" * 32)
    chunks = [chunk for text in paid for chunk in trace.near_chunks([text])]  # type: ignore[list-item] # as a service does: soon
    records: list[PaidText] = paid_texts(chunks)
    told, truth = near_misses(records, TTL_S), brute(paid)
    worst, total = 0.0, sum(usd for _, _, usd in paid)
    print(f"{len(paid):,} paid corrections of {DOCUMENTS:,} documents, ${total:.2f}")
    print(f"{'looser key':<32}{'by texts':>10}{'by hashes':>10}{'saved, texts':>14}{'hashes':>10}")
    for key, (share, usd) in zip(told.keys, truth, strict=True):
        worst = max(worst, abs(key.share - share), abs(key.usd - usd) / total)
        print(f"{key.name:<32}{share:>10.2%}{key.share:>10.2%}{usd / total:>14.2%}{key.usd / total:>10.2%}")
    size = sum(len(chunk.records) for chunk in chunks) / len(paid)
    print(f"{size:.0f} bytes a paid correction; worst {worst * 100:.2f} points off: {'met' if worst <= BAR else 'MISSED'}")
    return int(worst > BAR)


if __name__ == "__main__":
    raise SystemExit(main())
