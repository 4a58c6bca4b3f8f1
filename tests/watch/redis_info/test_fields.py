"""The field table."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prosepolish_core.model.sample import Kind
from prosepolish_core.watch.redis_info.fields import FIELDS, GROUPS, STATUSES, TEXTS, ZERO_IS_NONE, unit_of_unknown
from prosepolish_core.watch.redis_info.info_reply import read_info


def test_no_field_stands_in_two_groups() -> None:
    """Every field has one kind and one unit."""
    names = [name for *_, names in GROUPS for name in names.split()]
    assert len(names) == len(set(names))


def test_no_string_field_is_also_a_number() -> None:
    """A field is a number, a string or a status, never two of them."""
    assert not TEXTS & FIELDS.keys()
    assert not STATUSES.keys() & (FIELDS.keys() | TEXTS)


def test_instantaneous_fields_are_gauges() -> None:
    """What the server averages over 1.6 s is never summed up as a counter."""
    assert all(field.kind is Kind.GAUGE for name, field in FIELDS.items() if name.startswith("instantaneous_"))


@pytest.mark.parametrize(("name", "unit"), [("new_bytes", "bytes"), ("new_usec", "microseconds"), ("new", "1")])
def test_unknown_units_are_guessed_from_the_name(name: str, unit: str) -> None:
    """The end of an unknown field's name tells its unit; without one it is a plain number."""
    assert unit_of_unknown(name) == unit


@pytest.mark.parametrize("name", sorted(FIELDS))
@given(
    st.one_of(st.integers(-(2**64), 2**65), st.integers(1, 2**20).map(lambda under: 2**64 - under), st.floats(), st.just(2**32 - 1))
)
@settings(max_examples=20)
def test_a_number_that_a_field_cannot_have_is_unknown(name: str, value: float) -> None:
    """What is kept lies within what the table says, and nothing that wrapped around is ever kept."""
    field = FIELDS[name]
    kept = [sample.value for sample in read_info(f"{name}:{value}\r\n").samples if sample.metric == name]
    number = float(value)  # as it is kept: 2**53 + 1 is 2**53 then
    none = number == 0 and name in ZERO_IS_NONE
    assert kept == ([number] if field.low <= number <= field.high and not none else [])
    assert not kept or abs(kept[0]) < 2**63


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("used_memory:18446744073709551000", set()),
        ("slave0:ip=10.0.0.1,port=1,state=online,offset=5,lag=18446744073709551615", {"replica_offset", "replica_online"}),
        ("slave0:10.0.0.1,6380,online", set()),
        ("slave0:ip=10.0.0.1,port=1", set()),
        ("rdb_last_bgsave_status:", set()),
        ("master_link_status:connecting", set()),
        ("maxmemory:", set()),
        ("used_memory_peak_perc:184467440737095516160.00%", set()),
        ("mem_fragmentation_bytes:-4096", {"mem_fragmentation_bytes"}),
        ("rdb_last_bgsave_time_sec:-1", {"rdb_last_bgsave_time_sec"}),
        ("master_last_io_seconds_ago:4294967295", set()),
        ("tls_server_cert_expires_in_seconds:0", set()),
        ("tls_server_cert_expires_in_seconds:-1", {"tls_server_cert_expires_in_seconds"}),
    ],
)
def test_impossible_is_unknown(line: str, shown: set[str]) -> None:
    """Never a huge number, never a zero, never "offline" for what was not told;
    what is right on the same line is kept.
    """
    assert {sample.metric for sample in read_info(line).samples} == shown
