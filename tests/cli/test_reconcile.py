"""`prosepolish reconcile`: a real ledger against invoices."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from prosepolish_core.cli.reconcile import reconcile
from prosepolish_core.model.llm import CallState, LedgerLine
from tests.support.ledger import paid, spared, written

NOVEMBER = datetime(2025, 11, 1, tzinfo=UTC)


@pytest.fixture
def env(database_url: str) -> dict[str, str]:
    """Two days of a month that is over, with calls that cost nothing real among them."""
    written(
        database_url,
        [
            paid(NOVEMBER - timedelta(days=3), "5"),
            paid(NOVEMBER + timedelta(days=3), "1.25"),
            paid(NOVEMBER + timedelta(days=9), "2.50", provenance="playground"),
            paid(NOVEMBER + timedelta(days=9), "40", provenance="stand-in"),
            paid(NOVEMBER + timedelta(days=9), None, state=CallState.UNKNOWN, line=LedgerLine.NOTHING),
            spared(NOVEMBER + timedelta(days=9), "7"),
        ],
    )
    return {"DATABASE_URL": database_url, "COLUMNS": "120"}


def run(env: dict[str, str], folder: Path, text: str, *arguments: str) -> Result:
    invoice = folder / "invoice.csv"
    invoice.write_text(text, encoding="utf-8")
    return CliRunner().invoke(reconcile, [str(invoice), *arguments], env=env)


@pytest.mark.live
def test_what_was_paid_for_real_is_set_against_the_invoice(env: dict[str, str], tmp_path: Path) -> None:
    """The Playground's calls cost money, a stand-in's do not, and what was spared is on no invoice."""
    result = run(env, tmp_path, "date,cost\n2025-11-04,1.25\n2025-11-10,2.50\n")
    assert result.exit_code == 0, result.output
    assert "2025-11: They agree to the cent." in result.stdout


@pytest.mark.live
def test_a_gap_is_named_and_ends_with_exit_code_1(env: dict[str, str], tmp_path: Path) -> None:
    """The day on which it lies, and the call of which nobody knows the cost."""
    result = run(
        env, tmp_path, "date,cost,service\n2025-11-04,1.25,Gemini API\n2025-11-10,2.75,Gemini API\n2025-11-10,9,Cloud Run\n"
    )
    assert result.exit_code == 1
    assert "$0.25" in result.stdout
    assert "1 calls are in no sum; at the mean price of the others about $1.88" in result.stdout
    assert "The gap lies on one day: 2025-11-10 (+$0.25)." in result.stdout
    assert "Beside it on the invoice: Cloud Run $9.00." in result.stdout
    plain = json.loads(run(env, tmp_path, "month,usd\n2025-11,4.00\n", "--json").stdout)["months"][0]
    assert (plain["invoice_usd"], plain["ledger_usd"], plain["gap_usd"], plain["agrees"]) == ("4.00", "3.75", "0.25", False)


def test_another_currency_needs_a_rate(tmp_path: Path) -> None:
    """Nothing is guessed, and no server is asked."""
    dead = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    result = run(dead, tmp_path, "date,cost,currency\n2025-11-04,1.25,EUR\n")
    assert result.exit_code == 2
    assert "give --rate, dollars for one EUR" in result.output
    assert "above 0" in run(dead, tmp_path, "date,cost\n2025-11-04,1\n", "--rate", "nan").output
