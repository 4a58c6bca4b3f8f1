"""Parquet files: typed, whole, and exact or refused."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pyarrow import parquet

from prosepolish_core.calc.flat_table import FlatColumn
from prosepolish_core.drivers import parquet_file
from prosepolish_core.drivers.parquet_file import write_parquet
from prosepolish_core.errors import InvalidInput

COLUMNS = (
    FlatColumn("at", datetime, lambda row: datetime(2026, 11, row, tzinfo=UTC)),
    FlatColumn("usd", Decimal, lambda row: Decimal(row).scaleb(-18)),
    FlatColumn("none", str, lambda _: None),
)


def test_many_groups_are_one_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many rows there are, and none too: then there are columns."""
    monkeypatch.setattr(parquet_file, "AT_ONCE", 4)
    for count in (0, 1, 4, 9):
        write_parquet(tmp_path / "t.parquet", COLUMNS, range(1, count + 1))
        table = parquet.read_table(tmp_path / "t.parquet")
        assert table.column_names == ["at", "usd", "none"]
        assert table["usd"].to_pylist() == [Decimal(n).scaleb(-18) for n in range(1, count + 1)]


def test_a_digit_too_many_is_refused(tmp_path: Path) -> None:
    """Nothing is rounded in silence."""
    with pytest.raises(InvalidInput, match="write CSV instead"):
        write_parquet(tmp_path / "t.parquet", (FlatColumn("usd", Decimal, lambda _: Decimal("1e-19")),), [1])
