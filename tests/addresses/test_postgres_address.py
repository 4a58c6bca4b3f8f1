"""DATABASE_URL: the habits of other programs, read as libpq reads them, and what is refused with one sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

from prosepolish_core.addresses.postgres_address import IGNORED, KNOWN, SCHEMES, read_postgres_address
from prosepolish_core.errors import ConfigError
from tests.support.refusals import refusal

#: An address -> what libpq makes of what we make of it.
READ: dict[str, dict[str, str]] = {
    "postgresql://u:p%40@h:5433/db": {"user": "u", "password": "p@", "host": "h", "port": "5433", "dbname": "db"},
    "postgres://h": {"host": "h"},
    "postgresql:///db": {"dbname": "db"},
    "postgresql:///db?host=/run/pg&port=5432": {"dbname": "db", "host": "/run/pg", "port": "5432"},
    "postgresql://%2Frun%2Fpg/db": {"host": "/run/pg", "dbname": "db"},
    "postgresql://[::1]:5433/db": {"host": "::1", "port": "5433", "dbname": "db"},
    "postgresql://a:1,b:2/db": {"host": "a,b", "port": "1,2", "dbname": "db"},
    "postgresql+psycopg://h/db": {"host": "h", "dbname": "db"},
    "postgresql+asyncpg://h/db?ssl=require": {"host": "h", "dbname": "db", "sslmode": "require"},
    "postgis://h/db": {"host": "h", "dbname": "db"},
    "jdbc:postgresql://h/db?user=u&password=p&ssl=true&currentSchema=Own": {
        "host": "h", "dbname": "db", "user": "u", "password": "p", "sslmode": "require", "options": '-c search_path="Own"',
    },
    "postgresql://h/db?schema=public": {"host": "h", "dbname": "db", "options": '-c search_path="public"'},
    "postgresql://h/db?search_path=a,public&options=-c%20work_mem%3D8MB": {
        "host": "h", "dbname": "db", "options": "-c work_mem=8MB -c search_path=a,public",
    },
    "postgresql://h/db?sslmode=no-verify": {"host": "h", "dbname": "db", "sslmode": "require"},
    "postgresql://h/db?sslmode=verify-full&channel_binding=require": {
        "host": "h", "dbname": "db", "sslmode": "verify-full", "channel_binding": "require",
    },
}  # fmt: skip
REFUSED = {
    "": "scheme",
    "host=h dbname=db": "scheme",
    "mysql://h/db": "postgresql://",
    "postgresql://u:hush@h@h/db": "more than one @",
    "postgresql://u:hush/x@h/db": "%2F",
    "postgresql://u:5432?hush=x@h/db": "%3F",
    "postgresql://u:1/hush#x@h/db": "%23",
    "postgresql://u:hush%b@h/db": "%20 and %25",
    "postgresql://u:hush b@h/db": "%20 and %25",
    "postgresql://u:hush%00@h/db": "%20 and %25",
    "postgresql://u:hush%ff@h/db": "UTF-8",
    "postgresql://u:hush@h:x/db": "port",
    "postgresql://u:hush@[::1/db": "brackets",
    "postgresql://h/db?nonsense=1": "nonsense is not known here",
    "postgresql://h/db?replication=database": "replication is not known here",
    "postgresql://h/db?sslmode=maybe": "sslmode must be one of",
    "postgresql://h/db?schema=a%22b": "schema must be the name of one schema",
    "postgresql://h/db?hush": "without a value",
}
PIECES = st.lists(
    st.sampled_from(
        [*KNOWN, *IGNORED, "://", "/", "?", "&", "=", "@", ":", ",", "%", "%00", "%ff", "[", "]", "#", "1", "require", "h"]
    )
    | st.text(max_size=5)
).map("".join)
WITH_SCHEME = st.tuples(st.sampled_from(sorted(SCHEMES)), PIECES).map(lambda two: f"{two[0]}://{two[1]}")


@pytest.mark.parametrize("url", READ)
def test_libpq_reads_what_was_meant(url: str) -> None:
    """Schemes lose the name of somebody's driver; options that mean something here are written libpq's way."""
    assert conninfo_to_dict(read_postgres_address(url).url) == READ[url]


@pytest.mark.parametrize("url", REFUSED)
def test_an_address_that_libpq_would_misread_is_one_sentence_with_the_fix(url: str) -> None:
    """Nothing is guessed, and no part of a log-in is shown."""
    with pytest.raises(ConfigError) as caught:
        read_postgres_address(url)
    assert REFUSED[url] in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("name", ["pgbouncer", "connection_limit", "pool_timeout", "poolPrePing", "conn-max-age", *sorted(IGNORED)])
def test_options_of_other_programs_are_passed_over_and_named(name: str) -> None:
    """They change nothing but the list of what was ignored."""
    assert read_postgres_address(f"postgres://h/db?{name}=true") == ("postgresql://h/db", (name,))


def test_no_option_is_both_taken_and_ignored() -> None:
    """The tables do not overlap."""
    assert not KNOWN.keys() & IGNORED


@given(PIECES | WITH_SCHEME)
def test_any_text_is_an_address_that_libpq_reads_or_one_sentence(url: str) -> None:
    """Whatever is accepted is parsed by libpq; nothing else is raised."""
    if not refusal(lambda: read_postgres_address(url)):
        conninfo_to_dict(read_postgres_address(url).url)


@given(st.text(max_size=8), st.text(max_size=8))
def test_a_password_is_in_no_message(before: str, behind: str) -> None:
    """Whatever characters it has, written as they are."""
    secret = f"{before}hush{behind}"
    for url in (f"postgres://:{secret}@h", f"postgres://u:{secret}@h:x/", f"postgres://u:{secret}@h?nonsense=1"):
        assert "hush" not in refusal(lambda url=url: read_postgres_address(url))
