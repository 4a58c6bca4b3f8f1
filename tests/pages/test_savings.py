"""The page Savings: assumptions that a link carries are taken or refused."""

import pytest

from tests.dashboard.stack import installed

from .test_pages import open_page

pytestmark = pytest.mark.live


@pytest.mark.parametrize("value", ["-5", "NaN", "1e12", "many", "", "Infinity"])
def test_an_impossible_assumption_in_a_link_is_refused_visibly(value: str, valkey_url: str, database_url: str) -> None:
    """It never silently becomes the usual one; the warning goes when somebody types a value."""
    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url):
        at = open_page("savings.py", corrections_per_day=value)
        assert not at.exception
        told = [warning.value for warning in at.warning if "Corrections a day" in warning.value]
        assert "is no number from 0 to 10\u2009000\u2009000. Shown is the usual 1000." in told[0]
        assert at.number_input(key="corrections_per_day").value == 1000

        at.number_input(key="corrections_per_day").set_value(2000.0).run()
        assert not [warning for warning in at.warning if "Corrections a day" in warning.value]
