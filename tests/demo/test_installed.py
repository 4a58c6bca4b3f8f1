"""A missing package is one sentence, before anything starts."""

import sys

import pytest

from demo.installed import NEEDED, check_installed
from demo.plan import DemoPlan
from prosepolish_core.errors import StartupError


@pytest.mark.parametrize(("package", "variable"), [(package, variable) for package, _, variable in NEEDED])
def test_a_missing_package_is_named_with_the_way_around_it(monkeypatch: pytest.MonkeyPatch, package: str, variable: str) -> None:
    """The sentence names the package, the extra and, where there is one, the address to set instead."""
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setattr("demo.installed.find_spec", lambda name: None if name == package else object())

    with pytest.raises(StartupError, match=package) as caught:
        check_installed(DemoPlan.of({}))

    assert "prosepolish[demo]" in str(caught.value)
    assert variable in str(caught.value)


def test_with_every_address_set_only_the_supervisor_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform without wheels can still run the stack on servers of its own."""
    monkeypatch.setattr("demo.installed.find_spec", lambda name: object() if name == "psutil" else None)

    check_installed(DemoPlan.of({"REDIS_URL": "x", "DATABASE_URL": "x", "DICTIONARY_API_URL": "x", "GEMINI_API_KEY": "x"}))
