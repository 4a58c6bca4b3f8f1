"""The pages, in the order of the menu: which question each answers. A test walks this table."""

from typing import NamedTuple

from prosepolish_core.roles import AccessRole


class MenuPage(NamedTuple):
    """One page. `timed` pages show the time range; `role` is what it takes to see it in the menu."""

    file: str
    title: str
    icon: str
    section: str
    question: str
    timed: bool = True
    role: AccessRole = AccessRole.VIEWER


PAGES = (
    MenuPage("overview.py", "Overview", ":material/monitor_heart:", "Now", "Is the cache stack healthy, and if not, why?"),
    MenuPage(
        "incidents.py", "Incidents", ":material/crisis_alert:", "Now", "What broke, since when, and what did it do to users?", False
    ),
    MenuPage(
        "hit_rate.py", "Hit rate", ":material/target:", "Cache", "How many lookups does each tier answer, and is that enough?"
    ),
    MenuPage("memory.py", "Memory", ":material/memory:", "Cache", "Does Redis have room, and what does it throw away?"),
    MenuPage("latency.py", "Latency", ":material/speed:", "Cache", "How long does each tier take, for most and for the slowest?"),
    MenuPage(
        "keyspace.py", "Keyspace", ":material/key:", "Cache", "What lies in Redis, how does it grow, and does it keep its contract?"
    ),
    MenuPage(
        "postgres.py",
        "PostgreSQL",
        ":material/database:",
        "Around it",
        "Has PostgreSQL room for connections, and what does it spend its time on?",
    ),
    MenuPage(
        "limits_sessions.py",
        "Limits & sessions",
        ":material/shield_person:",
        "Around it",
        "Are limits refusing people, whom, and who is logged in?",
    ),
    MenuPage(
        "clients.py", "Clients & topology", ":material/hub:", "Around it", "Who is connected, and how do the servers hang together?"
    ),
    MenuPage("savings.py", "Savings", ":material/savings:", "Money", "What did the cache save, and what would it save?"),
    MenuPage("what_if.py", "What-if", ":material/tune:", "Money", "What would another time to live or more memory change?", False),
    MenuPage(
        "playground.py", "Playground", ":material/experiment:", "Try", "Which tier answers, how fast and at what price?", False
    ),
    MenuPage("collectors.py", "Collectors", ":material/dns:", "Trust", "Who watches the watchers: do the collectors run on time?"),
    MenuPage(
        "audit.py", "Audit", ":material/history_edu:", "Trust", "Who did what here, and who was refused?", False, AccessRole.ADMIN
    ),
)
