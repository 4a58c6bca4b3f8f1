"""The field table."""

import pytest

from prosepolish_core.model.sample import Kind
from prosepolish_core.watch.redis_info.fields import FIELDS, GROUPS, STATUSES, TEXTS, unit_of_unknown


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
