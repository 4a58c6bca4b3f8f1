"""A rate or a speed is a number."""

import pytest
from click.testing import CliRunner

from collectors.__main__ import main as collectors
from demo.cli import up


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "many"])
@pytest.mark.parametrize(("verb", "option"), [(up, "--rate"), (up, "--speed"), (collectors, "--interval")])
def test_what_is_no_finite_number_is_wrong_usage(verb: object, option: str, value: str) -> None:
    """Nan and infinity are refused like any other wrong word, before anything starts."""
    done = CliRunner().invoke(verb, [option, value])  # type: ignore[arg-type]

    assert done.exit_code == 2
    assert option in done.output
