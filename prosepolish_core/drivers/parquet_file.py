"""Flat tables as Parquet files, typed: money as decimals of 18 places, instants in UTC."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from ..calc.flat_table import FlatColumn
from ..errors import InvalidInput

#: Digits of a decimal in all, and behind the point: a price of 12 places per million tokens is exact.
DIGITS, PLACES = 38, 18
#: Rows of one group.
AT_ONCE = 50_000


def write_parquet(path: Path, columns: Sequence[FlatColumn], rows: Iterable[Any]) -> None:
    """Write the file whole. Raises OSError, ImportError without pyarrow, InvalidInput for money that does not fit."""
    import pyarrow as pa
    from pyarrow import parquet

    kinds = {
        str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_(),
        Decimal: pa.decimal128(DIGITS, PLACES), datetime: pa.timestamp("us", tz="UTC"),
    }  # fmt: skip
    schema = pa.schema([(column.name, kinds[column.kind]) for column in columns])
    try:
        with parquet.ParquetWriter(path, schema) as file:
            for group in _groups(rows):
                cells = {column.name: [column.cell(row) for row in group] for column in columns}
                file.write_table(pa.table(cells, schema=schema))
    except pa.ArrowInvalid as error:
        raise InvalidInput(f"a number does not fit into {DIGITS} digits with {PLACES} places; write CSV instead") from error


def _groups(rows: Iterable[Any]) -> Iterator[list[Any]]:
    """The rows in groups; at least one, so that an empty table is a file with columns."""
    source = iter(rows)
    group = list(islice(source, AT_ONCE))
    yield group
    while group := list(islice(source, AT_ONCE)):
        yield group
