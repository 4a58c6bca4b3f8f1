"""`prosepolish_dependency_*`: how each dependency stands, and since when."""

from ...model.standing import Standings, State
from .family import Families

STATE_HELP = "1 for the state in which the dependency is, 0 for the others"
SINCE_HELP = "When the present state began"
OPEN_HELP = "When an incident began that goes on and that no dependency's state tells of"
GOOD_HELP = "When the dependency was last seen well"


def add_standings(families: Families, standings: Standings) -> None:
    """One gauge for each dependency and state, as enumerations are told, and its instants as Unix times."""
    for found in standings:
        name = ("dependency", found.name)
        for state in State:
            labels = (name, ("state", state.value))
            families.add("prosepolish_dependency_state", "gauge", float(found.state is state), labels, STATE_HELP)
        families.add("prosepolish_dependency_since_timestamp_seconds", "gauge", found.since, (name,), SINCE_HELP)
        if found.last_good is not None:
            families.add("prosepolish_dependency_last_good_timestamp_seconds", "gauge", found.last_good, (name,), GOOD_HELP)
    for incident in standings.incidents:
        about = (("cause", incident.cause), ("incident", incident.id), ("level", incident.level.value))
        families.add("prosepolish_incident_since_timestamp_seconds", "gauge", incident.began, about, OPEN_HELP)
