"""One sentence for a store that is reached but not usable: the schema is missing, or we may not touch it."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import errors

from ..errors import StoreUnavailable


@contextmanager
def store_faults() -> Iterator[None]:
    """Turn a missing schema or missing rights into StoreUnavailable; leave mistakes of ours as they are."""
    try:
        yield
    except (errors.UndefinedTable, errors.UndefinedFunction, errors.UndefinedColumn) as error:
        raise StoreUnavailable("the schema is missing or old; run `prosepolish migrate`") from error
    except errors.InsufficientPrivilege as error:
        raise StoreUnavailable("this PostgreSQL user may not use the store; see `prosepolish export grants`") from error
