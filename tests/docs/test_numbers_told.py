"""Numbers in the documents that stand as constants in the code:
sentences, each written here with the constant's own value.
"""

import re
from pathlib import Path
from tomllib import loads

import pytest

from collectors.redis_census import SAMPLE_KEYS
from collectors.redis_keyevents import CAP_PER_S, RESTS
from dashboard.components.live import SHARED_S
from dashboard.views import commands
from prosepolish_core.calc.savings import Assumptions, estimate
from prosepolish_core.config import Config
from prosepolish_core.live.llm.unfit import UNFIT_S
from prosepolish_core.model import targets
from prosepolish_core.model.latency import BOUNDS_S
from prosepolish_core.model.limit import DEFAULT_LOG, LARGEST_LOG
from prosepolish_core.model.outcome import Family, Tier
from prosepolish_core.model.session import SessionRules
from prosepolish_core.watch.alerts import instance_rules, tier_rules
from prosepolish_core.watch.alerts.rules import BY_NAME
from prosepolish_core.watch.counts.flusher import BUCKET_S

ROOT = Path(__file__).parents[2]
FRAGMENTATION, MB = BY_NAME["fragmentation"], 1024.0**2
#: Small numbers stand in prose as words.
SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
CONFIG, RULES, SEED = Config.from_env({}), SessionRules(), estimate(Assumptions())
SHOWN_FOR = loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))["runner"]["cacheBackgroundRefreshTTLMultiplier"]
BUDGET_MS = {tier: seconds * 1000 for tier, seconds in targets.BUDGETS_S.items()}
TARGETS = {pair: f"{ratio * 100:.0f} %" for pair, ratio in targets.HIT_TARGETS.items()}

NUMBERS, OPERATIONS, LIMITS = "docs/numbers.md", "docs/operations.md", "docs/limits-and-sessions.md"
TOLD = (
    (
        NUMBERS,
        f"Visitors of one page share a reading for {SHARED_S} s; one up to {SHARED_S * SHOWN_FOR:.0f} s old is shown at once",
    ),
    ("docs/performance.md", f"A page opened again within {SHARED_S * SHOWN_FOR:.0f} s shows what was read then"),
    (NUMBERS, f"latency histograms and events in {BUCKET_S} s buckets"),
    (NUMBERS, f"at most {(BOUNDS_S[21] / BOUNDS_S[20] - 1) * 100:.0f} % wide"),
    (NUMBERS, f"{TARGETS[Family.DICTIONARY, Tier.REDIS]} (words in Redis)"),
    (NUMBERS, f"{TARGETS[Family.DICTIONARY, Tier.POSTGRES]} (words that reach PostgreSQL)"),
    (NUMBERS, f"{TARGETS[Family.LLM, Tier.REDIS]} (corrections in Redis)"),
    (NUMBERS, f"A rate is judged from {targets.ENOUGH_LOOKUPS} lookups in the window on"),
    (NUMBERS, f"may lie {targets.TOLERANCE * 100:.0f} points below its target"),
    (NUMBERS, f"p95: Redis {BUDGET_MS[Tier.REDIS]:.0f} ms, PostgreSQL {BUDGET_MS[Tier.POSTGRES]:.0f} ms"),
    (NUMBERS, f"dictionary API {BUDGET_MS[Tier.DICTIONARY_API]:.0f} ms, Gemini {targets.BUDGETS_S[Tier.GEMINI]:.0f} s"),
    (NUMBERS, f"In the first {'hour' if tier_rules.WARM_S == 3600 else tier_rules.WARM_S} after Redis started"),
    (NUMBERS, f"judged only above {FRAGMENTATION.thresholds[0].fire} **and** above {instance_rules.WASTED_BYTES // MB:.0f} MB"),
    (NUMBERS, f"**and** above {instance_rules.WASTED_SHARE * 100:.0f} % of what is used"),
    (NUMBERS, f"(about {SAMPLE_KEYS:,} keys;"),
    (
        NUMBERS,
        f"Over {CAP_PER_S:,} events a second the listener hangs up for {SMALL[RESTS - 1]} seconds of {SMALL[RESTS]}",
    ),
    (NUMBERS, f"the newest {commands.MOST} of the window"),
    (NUMBERS, f"= ${SEED.usd_per_month:.2f} a month, × 12 = ${SEED.usd_per_year:.0f} a year"),
    (OPERATIONS, f"{CONFIG.keep_raw_days} days (`PROSEPOLISH_KEEP_RAW_DAYS`)"),
    (OPERATIONS, f"{CONFIG.keep_minutes_days} days (`PROSEPOLISH_KEEP_MINUTES_DAYS`)"),
    (OPERATIONS, f"{CONFIG.keep_hours_days // 365} years (`PROSEPOLISH_KEEP_HOURS_DAYS`)"),
    (OPERATIONS, f"loses at most one flush interval ({CONFIG.flush_s:.0f} s)"),
    (LIMITS, f"the default up to {DEFAULT_LOG:,}; up to {LARGEST_LOG:,} on request"),
    (LIMITS, f"One call takes at most the deadline ({CONFIG.redis_timeout_s * 1000:.0f} ms)"),
    (LIMITS, f"Absolute limit ({RULES.absolute_s // 86_400} days) and idle limit ({RULES.idle_s // 86_400} days)"),
    (LIMITS, f"cap of {RULES.cap} per user"),
    (LIMITS, f"for `grace_s` ({RULES.grace_s} s)"),
    ("docs/using-the-core.md", f"the refusal is remembered for {SMALL[int(UNFIT_S / 60)]} minutes"),
    ("README.md", f"http://127.0.0.1:{CONFIG.port}"),
)


@pytest.mark.parametrize(("document", "sentence"), TOLD)
def test_a_number_told_is_the_one_in_the_code(document: str, sentence: str) -> None:
    """Whoever changes the constant finds the sentence here, and whoever changes the sentence finds the constant."""
    assert sentence in re.sub(r"\s+", " ", (ROOT / document).read_text(encoding="utf-8"))


def rows() -> list[tuple[str, int]]:
    """Files and lines of each row of the record of what we write by hand."""
    text = (ROOT / "docs/decisions/0014-what-we-write-by-hand.md").read_text(encoding="utf-8")
    return [
        (cells[2], int(cells[3])) for line in text.splitlines() if len(cells := line.split("|")) > 5 and cells[3].strip().isdigit()
    ]


@pytest.mark.parametrize(("files", "told"), rows())
def test_the_lines_we_write_by_hand_are_as_many_as_told(files: str, told: int) -> None:
    """Within a fifth: growth beyond it is a reason to look at the libraries again."""
    counted = 0
    for name in re.findall(r"`([^`]+)`", files):
        path = next(found for found in (ROOT / name, ROOT / "prosepolish_core" / name) if found.exists())
        parts = [path] if path.is_file() else [p for p in path.rglob("*") if p.suffix in {".py", ".lua", ".sql"}]
        counted += sum(len(part.read_text(encoding="utf-8").splitlines()) for part in parts)
    assert 0.8 * counted <= told <= 1.2 * counted


def test_a_line_of_the_changelog_has_twelve_words_at_most() -> None:
    """A reader skims it; what needs more has a page of its own."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line.startswith("- ") and len(line[2:].split()) > 12] == []
