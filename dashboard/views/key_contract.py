"""The contract of the keys as verdicts: what servers hold and run, against the key table and good practice."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from prosepolish_core.calc import numbers
from prosepolish_core.live.limits.named import NAMED
from prosepolish_core.model.health import Level, Verdict
from prosepolish_core.model.keys import KEYS, MOST_VALUE_BYTES, SESSION
from prosepolish_core.model.outcome import Family
from prosepolish_core.watch.redis_info.census import UNKNOWN

from .census import FamilyCensus, ServerCensus
from .names import family_label

#: Longest time to live that each family may have, in seconds. A limit's count lives as long as the limit's own window,
#: a user's generation a day longer than any session.
CONTRACTS_S: Mapping[str, int] = {
    **{f"{key.family}:{key.sub_key}" if key.sub_key else str(key.family): key.ttl_s for key in KEYS},
    str(Family.SESSION): SESSION.ttl_s + 86_400,
    str(Family.RATE_LIMIT): max(limit.per_s for row in NAMED.values() for limit in row.limits),
}
PERSONAL = frozenset(f"{key.family}" for key in KEYS if key.personal and not key.sub_key and key.family != Family.SESSION)
STATE = (str(Family.SESSION), f"{Family.PROFILE}:sessions", str(Family.RATE_LIMIT))
#: Commands that stop a server for everybody, or hold a connection, and what each does.
HARMFUL: Mapping[str, str] = {
    "keys": "walks every key in one go; use SCAN",
    "monitor": "copies every command to a reader",
    "save": "stops the server until a snapshot is written; use BGSAVE",
    "debug": "can stop or end the server",
    **dict.fromkeys(("blpop", "brpop", "brpoplpush", "blmove", "blmpop", "bzpopmin", "bzpopmax", "bzmpop"), "holds its connection"),
    "wait": "holds its connection until replicas answer",
}
FAILOVERS_DAYS = 90


@dataclass(frozen=True, slots=True)
class ContractFacts:
    """What is known. `commands`: calls in the window by server and command, our own left out. `policies`: by server;
    `replicated`: servers that have somebody to fail over to; `failovers`: how many were seen; `sealed`: whether the
    personal families are encrypted by this process's settings.
    """

    census: tuple[ServerCensus, ...] = ()
    commands: Mapping[tuple[str, str], float] = field(default_factory=dict)
    policies: Mapping[str, str] = field(default_factory=dict)
    replicated: tuple[str, ...] = ()
    failovers: int = 0
    sealed: bool = False

    def families(self) -> Iterable[tuple[str, FamilyCensus]]:
        """Every family that belongs to us, with its server."""
        return ((server.source, one) for server in self.census for one in server.families if one.family != UNKNOWN)


def verdicts(facts: ContractFacts) -> list[Verdict]:
    """One verdict a rule, worst first; without a census, what rests on it is unknown."""
    known = any(server.families for server in facts.census)
    found = [check(facts) if known or check not in OF_CENSUS else _unread(check) for check in CHECKS]
    return sorted(found, key=lambda verdict: -verdict.level.rank)


def no_end(facts: ContractFacts) -> Verdict:
    """Every key of ours ends by itself."""
    bad = [_at(source, one, one.no_ttl.value) for source, one in facts.families() if one.no_ttl.value > 0]
    return _told(
        "Every key ends",
        bad,
        "every key of ours has a time to live",
        "keys without a time to live stay until they are evicted",
        "Find who writes them past the core (CLIENT LIST, the slow log), and EXPIRE or clear the family.",
    )


def too_long(facts: ContractFacts) -> Verdict:
    """No key lives longer than its family's contract."""
    bad = []
    for source, one in facts.families():
        contract, total = CONTRACTS_S.get(one.family), one.ttl[-1][1] if one.ttl else 0.0
        within = next((count for bound, count in one.ttl if contract is not None and float(bound) >= contract), total)
        if total > within and contract is not None:
            bad.append(f"{_at(source, one, total - within)} beyond {numbers.age(contract)}")
    return _told(
        "Times to live keep the contract",
        bad,
        "no key lives longer than its family's contract",
        "keys that live longer than the table of families allows",
        "Another version or program writes them: compare the deployed versions, or clear the family.",
    )


def too_big(facts: ContractFacts) -> Verdict:
    """No value is over the limit up to which values are cached."""
    bad = [_at(source, one, one.big.value) for source, one in facts.families() if one.big.value > 0]
    limit = numbers.size(MOST_VALUE_BYTES)
    return _told(
        f"No value over {limit}",
        bad,
        f"no key is larger than {limit}",
        f"keys larger than {limit}: each read holds up everybody else",
        "The core does not cache such values; see the biggest keys below for who wrote them.",
    )


def strangers(facts: ContractFacts) -> Verdict:
    """Every key belongs to a family."""
    bad = [f"{source}: {prefix} {numbers.count(count)}" for server in facts.census for prefix, count in server.unknown
           for source in (server.source,)]  # fmt: skip
    return _told(
        "Every prefix is known",
        bad,
        "every key belongs to a family of the table",
        "prefixes that belong to no family (counted in the sample)",
        "Give the other program a database or server of its own, or add its family to the table of keys.",
    )


def commands(facts: ContractFacts) -> Verdict:
    """Nobody runs what stops a server for all."""
    bad = [
        f"{source}: {command.upper()} {numbers.count(calls)} times ({HARMFUL[command]})"
        for (source, command), calls in sorted(facts.commands.items())
        if command in HARMFUL and calls > 0
    ]
    return _told(
        "No command that stops a server",
        bad,
        "neither KEYS nor a blocking command was called in the window",
        "called in the window",
        "Clients & topology says who is connected; an ACL without @dangerous and @blocking forbids it.",
    )


def sealed(facts: ContractFacts) -> Verdict:
    """Personal text lies encrypted."""
    bad = [] if facts.sealed else [_at(s, one, one.keys.value) for s, one in facts.families() if one.family in PERSONAL]
    return _told(
        "Personal families are encrypted",
        bad,
        "PROSEPOLISH_ENCRYPTION_KEYS is set" if facts.sealed else "no key of a personal family is there",
        "values that anybody can read who reaches Redis or its backups",
        "Set PROSEPOLISH_ENCRYPTION_KEYS; values written before become unreadable misses and are loaded anew.",
    )


def evicting(facts: ContractFacts) -> Verdict:
    """Sessions and limits lie where nothing is evicted."""
    bad = [
        f"{_at(source, one, one.keys.value)} under {facts.policies[source]}"
        for source, one in facts.families()
        if one.family in STATE and facts.policies.get(source, "noeviction") != "noeviction"
    ]
    return _told(
        "Sessions and limits are never evicted",
        bad,
        "they lie on servers with noeviction",
        "once that server is full, users are logged out and limits begin anew",
        "Set REDIS_STATE_URL to a server with maxmemory-policy noeviction.",
    )


def failover(facts: ContractFacts) -> Verdict:
    """A failover that was never tried is a guess."""
    subject = "A failover was tried"
    if facts.failovers:
        return Verdict(subject, Level.OK, f"{facts.failovers} seen in the last {FAILOVERS_DAYS} days")
    if not facts.replicated:
        return Verdict(subject, Level.UNKNOWN, "no observed server has a replica: there is nothing to fail over to")
    told = ", ".join(facts.replicated)
    action = "Fail over on purpose in quiet hours (SENTINEL FAILOVER, CLUSTER FAILOVER) and look at Incidents."
    return Verdict(subject, Level.WARNING, f"none seen in the last {FAILOVERS_DAYS} days at {told}", action)


Check = Callable[[ContractFacts], Verdict]
OF_CENSUS: tuple[Check, ...] = (no_end, too_long, too_big, strangers, evicting)
CHECKS: tuple[Check, ...] = (no_end, too_long, too_big, strangers, commands, sealed, evicting, failover)


def _told(subject: str, bad: Sequence[str], well: str, why: str, action: str) -> Verdict:
    if not bad:
        return Verdict(subject, Level.OK, well)
    return Verdict(subject, Level.WARNING, f"{why}: {'; '.join(bad)}", action)


def _at(source: str, one: FamilyCensus, count: float) -> str:
    return f"{numbers.count(count)} of {family_label(one.family)} ({source})"


def _unread(check: Check) -> Verdict:
    subject = check(ContractFacts()).subject
    return Verdict(subject, Level.UNKNOWN, "no census was read lately", "")
