"""No input makes series without end, and no two things become one series."""

from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.calc import roster
from prosepolish_core.calc.roster import LEFT_OUT, MOST_METRICS, MOST_NAMES, OTHER, Roster, RosterName, gathered, told_apart
from prosepolish_core.model.sample import Kind, Sample

NAMES = st.lists(
    st.builds(RosterName, st.sampled_from(["a", "b"]), st.sampled_from([(), (("cmd", ""),), (("cmd", "get"),)])), max_size=12
)


@given(NAMES)
def test_names_that_repeat_are_told_apart(names: list[RosterName]) -> None:
    """As many names come out as went in, all different, the first of each as it was."""
    found = told_apart(names)
    assert len(set(found)) == len(names)
    assert {name for name in found if not dict(name.labels).get("nth")} == set(names)


@given(st.lists(st.text(max_size=8), max_size=2000))
def test_a_roster_never_grows_beyond_its_most_and_keeps_whom_it_knows(codes: list[str]) -> None:
    """Whatever comes: at most so many names and the group of the others; a name that had a series keeps it."""
    names = Roster([RosterName("errorstat_count", (("error", "ERR"),))])
    placed = {names.place(RosterName("errorstat_count", (("error", f"E{code}"),))) for code in codes}
    assert len(placed) <= MOST_NAMES
    assert names.place(RosterName("errorstat_count", (("error", "ERR"),))).labels == (("error", "ERR"),)


def codes(number: int) -> tuple[Sample, ...]:
    """One INFO with so many error codes, and a field beside them."""
    found = (Sample("errorstat_count", 2.0, Kind.COUNTER, "1", (("error", f"E{n}"),)) for n in range(number))
    return (Sample("used_memory", 7.0, unit="bytes"), *found)


def test_what_is_beyond_the_most_is_added_up_in_a_group_that_is_shown() -> None:
    """Nothing of the sum is lost, and nothing else is touched."""
    found = gathered(codes(20_000))
    assert len(found) == 1 + MOST_NAMES + 1
    assert sum(s.value for s in found if s.metric == "errorstat_count") == 40_000.0
    assert [s.value for s in found if s.labels == (("error", OTHER),)] == [2.0 * (20_000 - MOST_NAMES)]
    assert found[0] == Sample("used_memory", 7.0, unit="bytes")
    assert gathered(codes(400)) == codes(400)


def test_metrics_have_a_most_too_and_what_is_left_out_is_counted() -> None:
    """A server whose fields change their names with every poll has so many series and one that counts the rest."""
    found = gathered(tuple(Sample(f"m{n}", 1.0) for n in range(roster.FEW + 5)))
    assert len(found) == MOST_METRICS + 1
    assert found[-1] == Sample(LEFT_OUT, float(roster.FEW + 5 - MOST_METRICS))


def test_parts_of_one_thing_stay_together() -> None:
    """The buckets of a histogram are one name; of the others each bucket is added up."""
    buckets = tuple(
        Sample("latency_bucket", 1.0, Kind.COUNTER, "1", (("cmd", f"c{c}"), ("le", le)))
        for c in range(6000)
        for le in ("1", "+Inf")
    )
    found = gathered(buckets)
    assert {s.labels: s.value for s in found if dict(s.labels)["cmd"] == OTHER} == {
        (("cmd", OTHER), ("le", "1")): 6000.0 - MOST_NAMES,
        (("cmd", OTHER), ("le", "+Inf")): 6000.0 - MOST_NAMES,
    }
