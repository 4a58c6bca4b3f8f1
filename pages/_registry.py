"""The pages, in the order of the menu: which question each answers. A test walks this table."""

from typing import NamedTuple


class Entry(NamedTuple):
    """One page. `timed` pages show the time range."""

    file: str
    title: str
    icon: str
    section: str
    question: str
    timed: bool = True


PAGES = (
    Entry("overview.py", "Overview", ":material/monitor_heart:", "Watch", "Is the cache stack healthy, and if not, why?"),
    Entry("hit_rate.py", "Hit rate", ":material/target:", "Watch", "How many lookups does each tier answer, and is that enough?"),
    Entry("memory.py", "Memory", ":material/memory:", "Watch", "Does Redis have room, and what does it throw away?"),
    Entry("latency.py", "Latency", ":material/speed:", "Watch", "How long does each tier take, for most and for the slowest?"),
    Entry("savings.py", "Savings", ":material/savings:", "Watch", "What did the cache save, and what would it save?"),
    Entry("playground.py", "Playground", ":material/experiment:", "Try", "Which tier answers, how fast and at what price?", False),
    Entry("collectors.py", "Collectors", ":material/dns:", "Trust", "Who watches the watchers: do the collectors run on time?"),
)
