"""What PostgreSQL and its driver say becomes one sentence of ours that names the remedy, on a real server."""

from collections.abc import Callable, Iterator

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.drivers.postgres_faults import BY_STATE, store_fault
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.errors import StoreRefused, StoreUnavailable
from prosepolish_core.live.users.postgres_people import PostgresPeople
from prosepolish_core.live.words.postgres_words import PostgresWords
from prosepolish_core.model.outcome import Family

#: What is wrong with the URL -> how it is made of a good one, and what is said.
URLS: dict[str, tuple[Callable[[str], str], str]] = {
    "no such role": (lambda url: url.replace("postgres:@", "nobody_here:@"), "refuses our login"),
    "no such database": (lambda url: url.replace("/t", "/no_such_t", 1), "no such database"),
    "a foreign option": (lambda url: f"{url}&pgbouncer=true", "unknown option, pgbouncer"),
    "no URL": (lambda url: "postgresql://[", "DATABASE_URL cannot be read"),
    "a bad port": (lambda url: "postgresql://u:hush@127.0.0.1:port/d", "DATABASE_URL cannot be read"),
    "nobody there": (lambda url: "postgresql://u:hush@127.0.0.1:1/d", "check DATABASE_URL and that the server runs"),
    "no such host": (lambda url: "postgresql://u:hush@nowhere.invalid/d", "host name of PostgreSQL is not known"),
    "a name too long": (lambda url: f"postgresql://u:hush@{'a' * 80}.x/d", "DATABASE_URL"),
}


@pytest.fixture
def pool(empty_database_url: str) -> Iterator[PostgresPool]:
    """A pool on a database without a schema."""
    made = PostgresPool(empty_database_url, size=2, role="test")
    yield made
    made.close()


def said(pool: PostgresPool, statement: str) -> str:
    """The sentence for what becomes of this statement."""
    with pytest.raises(StoreUnavailable) as error, pool.connection() as connection:
        connection.execute(statement)
    return str(error.value)


@pytest.mark.live
@pytest.mark.parametrize("wrong", URLS)
def test_a_wrong_address_is_told_in_one_sentence_without_its_secret(wrong: str, empty_database_url: str) -> None:
    """Whatever is wrong with DATABASE_URL: our error, the part that is wrong, no password, no driver's words."""
    spoilt, expected = URLS[wrong]
    pool = PostgresPool(spoilt(empty_database_url), size=1, role="test")
    told = said(pool, "SELECT 1")
    assert expected in told
    assert "hush" not in told
    assert "\n" not in told


@pytest.mark.live
@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SELECT * FROM dictionary_words", "run `prosepolish migrate`"),
        ("SELECT no_such_function()", "run `prosepolish migrate`"),
        ("SELECT no_such_column FROM pg_class", "run `prosepolish migrate`"),
        ("SET LOCAL statement_timeout = 50; SELECT pg_sleep(9)", "PostgreSQL is too slow"),
        ("SET TRANSACTION READ ONLY; CREATE TABLE t ()", "takes no writes"),
        ("SET ROLE pg_monitor; CREATE TABLE t ()", "prosepolish export grants"),
        ("SET temp_file_limit = 64; SELECT count(*) FROM (SELECT generate_series(1, 2000000) ORDER BY 1) AS x", "out of memory"),
        ("SELECT pg_terminate_backend(pg_backend_pid())", "ended the connection"),
        ("SELECT 1 / 0", "does not take this value or statement"),
        ("SELEC", "does not take this value or statement"),
    ],
)
def test_what_a_statement_meets_is_told_with_its_remedy(statement: str, expected: str, pool: PostgresPool) -> None:
    """And the next statement is answered."""
    assert expected in said(pool, statement)
    with pool.connection() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.live
def test_every_store_says_that_the_schema_is_missing(empty_database_url: str) -> None:
    """Words, profiles and updates alike, whatever way they ask."""
    words, people = PostgresWords(empty_database_url, size=1), PostgresPeople(empty_database_url, size=1)
    asks: list[Callable[[], object]] = [
        lambda: words.get("a", 2),
        lambda: words.get_many(["a"], 2),
        lambda: words.invalidate("a", 2),
        lambda: people.read(Family.PROFILE, "u", 2),
        lambda: people.merge(Family.PROFILE, "u", {"a": 1}, 2),
    ]
    for ask in asks:
        with pytest.raises(StoreUnavailable, match="run `prosepolish migrate`"):
            ask()
    words.close()
    people.close()


def _states() -> list[str]:
    found = (getattr(error, "sqlstate", None) for error in vars(psycopg.errors).values())
    return sorted({state for state in found if isinstance(state, str)})


@pytest.mark.parametrize("state", _states())
def test_every_error_that_postgresql_knows_becomes_one_of_ours(state: str) -> None:
    """Each SQLSTATE of the driver's table has a reason and an action, also while connecting."""
    for connecting in (False, True):
        fault = store_fault(psycopg.errors.lookup(state)("words of the driver"), connecting=connecting)
        assert fault.reason
        assert fault.action
        assert "words of the driver" not in str(fault)


@given(st.text(), st.sampled_from([psycopg.OperationalError, psycopg.InterfaceError, psycopg.Error, UnicodeError, ValueError]))
def test_no_text_of_the_driver_reaches_a_user(text: str, kind: type[Exception]) -> None:
    """Whatever it says, also a secret, is in no sentence of ours, except the name of an unknown option."""
    for connecting in (False, True):
        fault = store_fault(kind(f"hush{text}hush"), connecting=connecting)
        assert "hush" not in str(fault)


def test_only_a_statement_or_a_value_is_refused_for_good() -> None:
    """What can pass by itself is not StoreRefused: who keeps things to write them later would give them up."""
    for state in BY_STATE:
        if len(state) == 5:
            assert not isinstance(store_fault(psycopg.errors.lookup(state)("")), StoreRefused)
    assert isinstance(store_fault(psycopg.errors.UniqueViolation("")), StoreRefused)
