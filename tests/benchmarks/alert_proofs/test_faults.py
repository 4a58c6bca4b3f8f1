"""A slice of benchmarks/alert_proofs: faults in simulated time over a real store, judged by whoever knows the truth."""

import pytest

from benchmarks.alert_proofs.fault_campaign import Course, Pace, judged, play
from benchmarks.alert_proofs.fault_script import SCRIPT, Truth

SEED = 11
#: Shorter than in the campaign: what is said an hour later is its affair.
SHORT = Pace(heard_s=200.0, apart_s=240.0, around_s=120.0, lasts_s=90.0)


@pytest.fixture(scope="module")
def course() -> Course:
    """An upstream that refuses, and a store that reads alone."""
    return play(("gemini_429", "postgres_read_only"), SEED, SHORT)


@pytest.mark.live
def test_every_fault_is_found_and_is_one_incident_and_nothing_else_is_blamed(course: Course) -> None:
    """False statements, recall, the time until pages have it, incidents."""
    proofs = [proof for proof in judged(course) if "detect" not in proof.question]

    assert [proof.line for proof in proofs if not proof.met] == []
    assert len(proofs) == 4


@pytest.mark.live
def test_each_incident_is_told_once_at_its_beginning_and_once_at_its_end(course: Course) -> None:
    """To one channel that takes everything; with the first step and what it means."""
    told = [(one.message.kind, one.causes[0]) for one in course.told]

    assert sorted(told) == sorted((kind, t.dependency) for t in course.truths for kind in ("opened", "resolved"))
    assert all("First step:" in one.text for one in course.told if one.message.kind == "opened")


def test_forty_faults_are_scripted() -> None:
    """Each once."""
    assert len(SCRIPT) == len(set(SCRIPT)) == 40


def test_who_may_be_named_while_something_is_broken() -> None:
    """The broken one; below it those who do its work, for what is a consequence; nobody above."""
    redis = Truth("cache_killed", "cache", 0.0, 1.0)
    assert redis.explains("cache", consequence=False)
    assert redis.explains("gemini", consequence=True)
    assert not redis.explains("gemini", consequence=False)
    assert not Truth("gemini_503", "gemini", 0.0, 1.0).explains("redis", consequence=True)
