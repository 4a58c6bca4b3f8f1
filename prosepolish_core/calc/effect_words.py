"""An incident's effect on users in words, one line a fact; what nobody knows is not guessed."""

from ..model.incident import IncidentEffect
from ..model.outcome import TIER_LABELS, Tier
from . import numbers

#: Fewer calls than this share of all beyond the usual are not told as "instead".
INSTEAD = 0.02


def lines(effect: IncidentEffect) -> list[str]:
    """Calls, who answered instead, time, log-ins and money."""
    if not effect.calls:
        return ["No call was made in this time.", *_logins(effect), *_money(effect)]
    return [_failed(effect), *_instead(effect), *_time(effect), *_logins(effect), *_money(effect)]


def _failed(effect: IncidentEffect) -> str:
    share = numbers.percent(effect.failed / effect.calls)
    usual = "" if effect.usual_failed is None else f"; usual is {numbers.count(effect.usual_failed)}"
    return f"{numbers.count(effect.failed)} of {numbers.count(effect.calls)} calls got no answer ({share}{usual})."


def _instead(effect: IncidentEffect) -> list[str]:
    if effect.usual_answered is None:
        return ["Too little was counted in the hour before to say what is usual."]
    more = {tier: n - effect.usual_answered.get(tier, 0.0) for tier, n in effect.answered.items()}
    told = [
        f"{_label(tier)} answered {numbers.count(extra)} calls more than usual"
        for tier, extra in sorted(more.items(), key=lambda pair: -pair[1])
        if extra >= max(1.0, INSTEAD * effect.calls)
    ]
    return [f"{'; '.join(told)}."] if told else ["Each tier answered about as many calls as usual."]


def _label(tier: str) -> str:
    return TIER_LABELS[Tier(tier)] if tier in set(Tier) else tier


def _time(effect: IncidentEffect) -> list[str]:
    if effect.added_s is None:
        return []
    if effect.added_s <= 0:
        return ["Answers took no longer than usual."]
    return [f"Answers took {numbers.duration(effect.added_s)} longer on average."]


def _logins(effect: IncidentEffect) -> list[str]:
    """Nothing where nobody logs in at all."""
    if effect.logins is None or effect.usual_logins is None or not (effect.logins or effect.usual_logins):
        return []
    return [f"{numbers.count(effect.logins)} log-ins; usual are {numbers.count(effect.usual_logins)}."]


def _money(effect: IncidentEffect) -> list[str]:
    if effect.paid is None:
        return ["Paid calls: –, the ledger cannot be read."]
    told = f"{numbers.count(effect.paid)} calls were paid"
    if effect.extra_paid is None:
        return [f"{told}; what is usual is not known."]
    cost = f", {numbers.usd(effect.extra_usd)}" if effect.extra_usd is not None else ""
    lacking = f"; {numbers.count(effect.unpriced)} calls have no price" if effect.unpriced else ""
    return [f"{told}, {numbers.count(effect.extra_paid)} more than usual{cost}{lacking}."]
