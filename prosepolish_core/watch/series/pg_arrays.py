"""Query results straight into numpy:
each column comes as one array, in binary, so that no row passes through Python.
"""

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from psycopg import Cursor
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format
from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from ...drivers.postgres_pool import Connection

#: Element type by its number: (as sent, as given). Timestamps are microseconds since 2000.
ELEMENTS = {
    20: (">i8", np.int64),
    21: (">i2", np.float64),
    23: (">i4", np.float64),
    700: (">f4", np.float64),
    701: (">f8", np.float64),
    1184: (">i8", np.int64),
}
NAMES = ("int2", "int4", "int8", "float4", "float8", "timestamptz")

Array = npt.NDArray[np.float64]


def read_columns(connection: Connection, query: Composable, names: Sequence[str]) -> dict[str, Array]:
    """Run a SELECT of columns that are never null, named so;
    gives one array per column, the rows in the same order in all.
    """
    picks = SQL(", ").join(SQL("array_agg({})").format(Identifier(name)) for name in names)
    columns = SQL(", ").join(Identifier(name) for name in names)
    row = array_cursor(connection).execute(SQL("SELECT {} FROM ({}) AS q ({})").format(picks, query, columns)).fetchone()
    if row is None or row[0] is None:
        return {name: np.empty(0) for name in names}
    return dict(zip(names, row, strict=True))


def array_cursor(connection: Connection) -> Cursor[tuple[Any, ...]]:
    """A cursor that gives arrays of numbers (without nulls) as numpy arrays of their dimensions."""
    cursor: Cursor[tuple[Any, ...]] = connection.cursor(binary=True)
    for name in NAMES:
        cursor.adapters.register_loader(cursor.adapters.types[name].array_oid, NumberArray)
    return cursor


class NumberArray(Loader):
    """An array without nulls as a numpy array."""

    format = Format.BINARY

    def load(self, data: Buffer) -> Array:
        """From the binary form: dimensions, flags, element type, (size,
        lower bound) each, then (length, value) each.
        """
        dimensions, _, element = struct.unpack_from("!iii", data)
        sizes = struct.unpack_from("!" + "ii" * dimensions, data, 12)[::2]
        sent, given = ELEMENTS[element]
        item = np.dtype([("length", ">i4"), ("value", sent)])
        return np.frombuffer(data, item, offset=12 + 8 * dimensions)["value"].astype(given).reshape(sizes)


def bind(query: str, **values: object) -> Composed:
    """A query with its values as literals, quoted by the driver."""
    return SQL(query).format(**{k: v if isinstance(v, Composable) else Literal(v) for k, v in values.items()})
