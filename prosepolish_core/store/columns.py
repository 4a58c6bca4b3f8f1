"""Query results straight into numpy: a binary COPY of rows without nulls has rows of equal size."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from psycopg.sql import SQL, Composable, Composed, Literal

from ..adapters.postgres_pool import Connection

#: SQL type -> (bytes, dtype); timestamps are microseconds since 2000.
TYPES = {"integer": (4, ">i4"), "bigint": (8, ">i8"), "timestamptz": (8, ">i8"), "float8": (8, ">f8"), "real": (4, ">f4")}
_HEAD = 19  # signature, flags, length of the extension
_END = 2

Columns = npt.NDArray[np.void]


def read_columns(connection: Connection, query: Composable, columns: Sequence[tuple[str, str]]) -> Columns:
    """Run a SELECT whose columns are (name, SQL type), none of them null; gives a structured array in the row order."""
    fields: list[tuple[str, Any]] = [("_count", ">i2")]
    for name, kind in columns:
        fields += [(f"_{name}", ">i4"), (name, TYPES[kind][1])]
    row = np.dtype(fields)
    with connection.cursor().copy(SQL("COPY ({}) TO STDOUT (FORMAT BINARY)").format(query)) as copy:
        data = b"".join(copy)
    return np.frombuffer(data, dtype=row, count=(len(data) - _HEAD - _END) // row.itemsize, offset=_HEAD)


def bind(query: str, **values: object) -> Composed:
    """A query with its values as literals, quoted by the driver: COPY takes no parameters."""
    return SQL(query).format(**{k: v if isinstance(v, Composable) else Literal(v) for k, v in values.items()})
