"""Every campaign holds on a short seeded slice; the full sizes are `make proofs`."""

import importlib
from urllib.parse import urlsplit

import pytest

from benchmarks.proofs import session_stack
from benchmarks.proofs.linearizability import Operation, linearizable
from benchmarks.proofs.session_spec import State, step

SLICES = {
    "oracle": 0.03,
    "waiting": 0.03,
    "mutants": 0.5,
    "contention": 0.05,
    "histories": 0.03,
    "lost_reply": 0.04,
    "logout_race": 0.03,
}
SESSIONS = {"histories", "lost_reply", "logout_race"}


@pytest.mark.live
@pytest.mark.parametrize("name", SLICES)
def test_the_slice_holds(name: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The campaign's bar is met, seed 1."""
    if name in SESSIONS:
        servers = urlsplit(request.getfixturevalue("valkey_url")).port, request.getfixturevalue("database_url")
        monkeypatch.setattr(session_stack, "SERVERS", servers)
    campaign = importlib.import_module(f"benchmarks.proofs.{name}_campaign")
    row = campaign.run(1, SLICES[name], True)
    assert row.holds, str(row)


@pytest.mark.live
def test_a_lying_network_charges_each_request_id_exactly_once() -> None:
    """Dropped, cut, sliced, late and doubled replies; how long the calls took is for `make proofs` to judge."""
    row = importlib.import_module("benchmarks.proofs.network_campaign").run(1, 0.05, True)
    assert row.size.startswith("200 ids")
    assert row.result.startswith("200 charges")


def test_the_search_accepts_an_order_that_explains_the_answers() -> None:
    """Two overlapping calls may be put in either order."""
    history = [
        Operation(0, 1, ("create", "a"), "t0"),
        Operation(2, 6, ("revoke", "a"), 1),
        Operation(3, 5, ("verify", "a", "t0"), True),
        Operation(4, 7, ("verify", "a", "t0"), False),
    ]
    assert linearizable(history, State(), step)


def test_the_search_refuses_a_token_that_comes_back_to_life() -> None:
    """Refused, then (strictly later) accepted: no order explains that."""
    history = [
        Operation(0, 1, ("create", "a"), "t0"),
        Operation(2, 9, ("revoke", "a"), 1),
        Operation(3, 4, ("verify", "a", "t0"), False),
        Operation(5, 6, ("verify", "a", "t0"), True),
    ]
    assert not linearizable(history, State(), step)


def test_the_search_refuses_a_fork() -> None:
    """One token cannot be rotated to two successors."""
    history = [
        Operation(0, 1, ("create", "a"), "t0"),
        Operation(2, 5, ("rotate", "a", "t0", "n"), "t1"),
        Operation(3, 6, ("rotate", "a", "t0", "m"), "t2"),
    ]
    assert not linearizable(history, State(), step)


def test_a_call_that_never_returned_may_have_happened_or_not() -> None:
    """Both continuations of a log-out whose reply was lost are allowed."""
    for seen in (True, False):
        history = [
            Operation(0, 1, ("create", "a"), "t0"),
            Operation(2, float("inf"), ("revoke", "a"), -1),
            Operation(3, 4, ("verify", "a", "t0"), seen),
        ]
        assert linearizable(history, State(), step)
