"""Which incident an alert belongs to: alerts of one cause are one incident, two faults are two.

A fault (a server that is down, calls that fail) is its own cause. A consequence (a slow tier, a lower hit rate, more
paid calls) belongs to the open incident of its own cause, or else of a tier above it, whose work it took over.
"""

from collections.abc import Iterable

from ..model.incident import Incident

#: Names of one dependency: the tier, and the instance that serves it.
SAME = {"cache": "redis"}
#: What takes over the work of what: more load below is the consequence of a fault above.
TAKES_OVER = {
    "postgres": ("redis",),
    "dictionary_api": ("postgres", "redis"),
    "gemini": ("dictionary_api", "postgres", "redis"),
    "redis": (),
}
#: A further alert joins an incident that ended no longer than this ago: what flaps is one incident.
REOPEN_S = 300.0


def takes(incident: Incident, since: float) -> bool:
    """Whether it takes another alert in: it goes on, or ended a moment before this alert's condition began.

    When the alert fires says nothing: some conditions are held for half an hour first.
    """
    return incident.ended is None or since - incident.ended <= REOPEN_S


def place(cause: str, *, consequence: bool, since: float, incidents: Iterable[Incident]) -> Incident | None:
    """The incident that an alert joins whose condition began at `since`, or None: it begins a new one.

    Of several the newest.
    """
    own = dependency(cause)
    known = list(incidents)
    wanted = [own, *(TAKES_OVER.get(own, ()) if consequence else ())]
    for name in wanted:
        found = [i for i in known if dependency(i.cause) == name and takes(i, since)]
        if found:
            return max(found, key=lambda incident: incident.began)
    return None


def dependency(cause: str) -> str:
    """One name for what has two."""
    return SAME.get(cause, cause)
