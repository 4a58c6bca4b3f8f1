"""`prosepolish export ledger`: a month as CSV, Parquet and FOCUS, to the row and to the last digit."""

import csv
import re
import subprocess
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pyarrow import parquet

from prosepolish_core.cli.export import export
from prosepolish_core.model.llm import CallState, LedgerLine
from tests.support.focus_rules import faults
from tests.support.ledger import paid, spared, written

pytestmark = pytest.mark.live
ROOT = Path(__file__).parents[2]
#: It asks both that InvoiceId be null (C-004: no invoice is known) and that it be not (C-005: one is), whatever holds.
CONTRADICTS = "InvoiceId-C-005-C"
#: Made by `make focus-validator`. Its exit code is 0 whatever it finds.
VALIDATOR = ROOT / ".venv/focus" / "bin" / "focus-validator"
NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def env(database_url: str) -> dict[str, str]:
    """Rows around the first midnight of November, in UTC and in Berlin, of every kind."""
    written(
        database_url,
        [
            paid(NOVEMBER - timedelta(minutes=30), "0.0001"),  # in Berlin it is November
            paid(NOVEMBER, "0.0002"),
            paid(NOVEMBER + timedelta(days=5), "0.0003", task="define"),
            paid(NOVEMBER + timedelta(days=5), "0.000400000001"),
            paid(NOVEMBER + timedelta(days=6), None, state=CallState.UNKNOWN, line=LedgerLine.NOTHING),
            paid(NOVEMBER + timedelta(days=7), "9", provenance="stand-in"),
            paid(NOVEMBER + timedelta(days=29, hours=23, minutes=30), "0.0005"),  # in Berlin it is December
            spared(NOVEMBER + timedelta(days=2), "0.0010"),
            spared(NOVEMBER + timedelta(days=2), "0.0020"),
            spared(NOVEMBER + timedelta(days=2), "0.0040", line=LedgerLine.COALESCED, model="=HYPERLINK(1)"),
        ],
    )
    return {"DATABASE_URL": database_url}


def run(env: dict[str, str], *arguments: str) -> Result:
    return CliRunner().invoke(export, ["ledger", "--month", "2026-11", *arguments], env=env)


def rows(result: Result) -> list[dict[str, str]]:
    assert result.exit_code == 0, result.output
    return list(csv.DictReader(StringIO(result.stdout)))


def cost(found: list[dict[str, str]], column: str = "cost_usd", **chosen: str) -> Decimal:
    return sum((Decimal(row[column] or 0) for row in found if all(row[n] == v for n, v in chosen.items())), Decimal(0))


def test_a_month_in_a_zone_is_every_row_between_its_midnights(env: dict[str, str]) -> None:
    """Exact money, a row a call, and what is left out is told."""
    utc, berlin = run(env), run(env, "--zone", "Europe/Berlin")
    assert cost(rows(utc), kind="paid") == Decimal("0.001400000001")
    assert cost(rows(berlin), kind="paid") == Decimal("0.001000000001")
    assert cost(rows(utc), kind="avoided") == Decimal("0.0070")
    assert next(row["ts"] for row in rows(utc)) == "2026-11-01T00:00:00Z"
    assert [row["cost_usd"] for row in rows(utc) if row["state"] == "unknown"] == [""]
    assert utc.stderr == "Not in it: 1 calls by stand-in.\n"
    assert cost(rows(run(env, "--count", "stand-in"))) == 9
    assert [row["model"] for row in rows(utc) if row["line"] == "coalesced"] == ["'=HYPERLINK(1)"]


def test_parquet_has_the_same_rows_typed(env: dict[str, str], tmp_path: Path) -> None:
    """Decimals stay decimals, instants instants; the file is there whole."""
    path = tmp_path / "ledger.parquet"
    assert run(env, "--output", str(path)).exit_code == 0
    table = parquet.read_table(path)
    plain = rows(run(env))
    assert table.column_names == list(plain[0])
    assert str(table["cost_usd"].type) == "decimal128(38, 18)"
    assert sum(c for c in table["cost_usd"].to_pylist() if c is not None) == cost(plain)
    assert table["ts"].to_pylist()[0] == NOVEMBER
    assert [p.name for p in tmp_path.iterdir()] == ["ledger.parquet"]


@pytest.mark.parametrize(("focus", "category", "total"), [("usage", "Usage", "0.001400000001"), ("savings", "Credit", "-0.0070")])
def test_focus_keeps_the_rules_and_the_sum(env: dict[str, str], focus: str, category: str, total: str) -> None:
    """Usage is what was paid, savings are credits; never both in one table. A row a day and sum of alike calls."""
    result = run(env, "--focus", focus)
    found = rows(result)
    assert faults(found) == []
    assert {row["ChargeCategory"] for row in found} == {category}
    assert cost(found, "BilledCost") == Decimal(total)
    assert {row["BillingPeriodStart"] for row in found} == {"2026-11-01T00:00:00Z"}
    assert {row["BillingPeriodEnd"] for row in found} == {"2026-12-01T00:00:00Z"}
    if focus == "usage":
        assert result.stderr == "Not in it: 1 calls by stand-in, 1 calls of unknown cost.\n"
        assert [row["x_Calls"] for row in found if row["x_Task"] == "define"] == ["1"]


@pytest.mark.skipif(not VALIDATOR.exists(), reason="needs Python 3.12 and the FOCUS project's validator: make focus-validator")
@pytest.mark.parametrize("focus", ["usage", "savings"])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_the_validator_of_the_focus_project_finds_nothing(env: dict[str, str], tmp_path: Path, focus: str, suffix: str) -> None:
    """Its rules of version 1.2, over the file as finance gets it."""
    path = tmp_path / f"focus.{suffix}"
    assert run(env, "--focus", focus, "--zone", "Europe/Berlin", "--output", str(path)).exit_code == 0
    asked = [VALIDATOR, "--data-file", path, "--block-download", "--validate-version", "1.2"]
    (home,) = VALIDATOR.parents[1].glob("lib/*/site-packages")  # it looks for its list of currencies from there
    done = subprocess.run(asked, capture_output=True, text=True, timeout=240, check=False, cwd=home)
    assert re.search(r"Total: \d+ \| Pass: 1\d\d ", done.stdout), done.stdout[:500] + done.stderr[-2000:]
    assert set(re.findall(r"^- (\S+): violations", done.stdout, re.MULTILINE)) == {CONTRADICTS}


def test_wrong_usage_is_told_before_anything_is_asked() -> None:
    """Exit code 2 is main's; here the sentence."""
    dead = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    assert "name one with --output" in run(dead, "--format", "parquet").output
    assert "no month" in str(CliRunner().invoke(export, ["ledger", "--month", "11"], env=dead).exception)
    assert "time zone" in str(run(dead, "--zone", "Mars").exception)
