"""The alert rules as the pages' verdicts: how each stands, its number, its threshold, its proof."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from prosepolish_core.model.health import Level, Verdict
from prosepolish_core.watch.alerts.rule import Rule
from prosepolish_core.watch.alerts.rule_standing import RuleStanding, RuleStandings, RuleState, words
from prosepolish_core.watch.alerts.rules import BY_NAME, RULES

#: Beginnings of rules' names -> the page whose charts show their numbers. The first that fits counts.
PROOFS = (
    ("collector_stale", "collectors"),
    ("postgres_", "postgres"),
    ("connection", "clients"),
    ("acl_denied", "clients"),
    ("replica_", "clients"),
    ("certificate_", "clients"),
    ("hit_rate_", "hit_rate"),
    ("fallback_storm", "hit_rate"),
    ("unpriced_calls", "savings"),
    ("failing_", "latency"),
    ("slow_", "latency"),
    ("redis_slow_", "latency"),
    ("round_trip", "latency"),
    ("main_thread_busy", "latency"),
    ("error_replies", "latency"),
    ("writes_refused", "latency"),
    ("rule_failed", "collectors"),
    ("", "memory"),
)
#: An order in which the worst stands first; a pending rule is not well any more.
RANK = {RuleState.FIRING: 0, RuleState.PENDING: 1, RuleState.UNJUDGED: 2, RuleState.WELL: 3, RuleState.OFF: 4}


class RuleRow(NamedTuple):
    """One rule about one subject as a page shows it. `proof` is the page's name in the address."""

    rule: str
    state: RuleState
    level: Level
    subject: str
    told: str
    since: datetime | None
    means: str
    do: str
    proof: str
    instance: str

    @property
    def verdict(self) -> Verdict:
        """The same as a verdict: what cannot be judged is unknown, never well."""
        level = {RuleState.FIRING: self.level, RuleState.WELL: Level.OK}.get(self.state, Level.UNKNOWN)
        return Verdict(self.subject, level, self.told, self.do if self.state is RuleState.FIRING else "")


@dataclass(frozen=True, slots=True)
class RuleBoard:
    """Every rule's standing as it was read. What it is worth is asked when it is drawn: a page may be shown late."""

    standings: RuleStandings = RuleStandings(None)  # noqa: RUF009 - it cannot be changed

    def rows(self, now: datetime | None = None) -> list[RuleRow]:
        """Worst first, otherwise in the order of the rules."""
        at = now or datetime.now(UTC)
        known = self.standings.seen_at(at)
        named = {one.rule for one in known.all}
        missing = RuleStandings(known.at, tuple(_nothing(rule) for rule in RULES if rule.name not in named)).seen_at(at)
        rows = [_row(one, BY_NAME[one.rule]) for one in (*known.all, *missing.all) if one.rule in BY_NAME]
        order = list(BY_NAME)
        return sorted(rows, key=lambda row: (RANK[row.state], -row.level.rank, order.index(row.rule)))

    def of(self, instance: str, proof: str, now: datetime | None = None) -> list[RuleRow]:
        """Those about one server that one page proves."""
        return [row for row in self.rows(now) if row.instance == instance and row.proof == proof]


def proof_of(rule: str) -> str:
    """The page that shows a rule's number."""
    return next(page for begin, page in PROOFS if rule.startswith(begin))


def amiss(rows: Iterable[RuleRow]) -> list[RuleRow]:
    """What needs attention: firing, or about to."""
    return [row for row in rows if row.state in {RuleState.FIRING, RuleState.PENDING}]


def _nothing(rule: Rule) -> RuleStanding:
    return RuleStanding(rule.name, (), RuleState.UNJUDGED, reason=rule.needs)


def _row(one: RuleStanding, rule: Rule) -> RuleRow:
    labels = dict(one.labels)
    since = None if one.since is None else datetime.fromtimestamp(one.since, UTC)
    subject = rule.about(one.labels) if one.labels or "{" not in rule.subject else rule.name.replace("_", " ")
    return RuleRow(
        rule.name,
        one.state,
        one.level,
        subject,
        words(one, rule),
        since,
        rule.means,
        rule.do,
        proof_of(rule.name),
        labels.get("instance", ""),
    )
