"""Every proof of the ledger holds on a short seeded slice; the full sizes are `make proofs-savings`."""

import os

import pytest

from benchmarks.savings_proofs import (
    figures_campaign,
    hold_out_campaign,
    kills_campaign,
    ledger_campaign,
    projection_campaign,
    sums_campaign,
)


@pytest.mark.live
def test_the_ledger_is_the_meter_s_to_the_cent(valkey_url: str, database_url: str) -> None:
    """Two processes, both SDKs, every kind of reply: each line, and the bill without any cache."""
    found = ledger_campaign.run(1, True, (valkey_url, database_url))
    assert [str(row) for row in found if not row.holds] == []
    assert len(found) > 6


@pytest.mark.live
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_no_call_is_lost_however_its_process_ends(valkey_url: str, database_url: str) -> None:
    """Kill -9, SIGTERM and exits while PostgreSQL hangs."""
    found = kills_campaign.run(1, True, (valkey_url, database_url))
    assert [str(row) for row in found if not row.holds] == []


@pytest.mark.live
def test_every_total_is_the_sum_of_its_rows(database_url: str) -> None:
    """For windows of any length and months of any zone."""
    found = sums_campaign.run(1, True, database_url)
    assert [str(row) for row in found if not row.holds] == []


@pytest.mark.live
def test_one_number_is_told_wherever_it_is_told(database_url: str) -> None:
    """Pages, /metrics, commands, exports and SQL."""
    found = figures_campaign.run(1, True, database_url)
    assert [str(row) for row in found if not row.holds] == []


def test_the_hold_out_s_interval_holds_the_truth() -> None:
    """In at least 93 of 100 simulated months."""
    assert [str(row) for row in hold_out_campaign.run(1, True) if not row.holds] == []


def test_a_month_is_projected_within_ten_percent_after_fourteen_days() -> None:
    """In simulated years with a rhythm."""
    assert [str(row) for row in projection_campaign.run(1, True) if not row.holds] == []
