"""`prosepolish estimate`."""

import json
from decimal import Decimal
from typing import Any

import pytest
from click.testing import CliRunner, Result

from prosepolish_core import Config, Core
from prosepolish_core.cli.estimate import estimate
from prosepolish_core.model.llm import LlmCall
from prosepolish_core.model.outcome import Family, Outcome, Tier


def run(*arguments: str) -> Result:
    """The verb with these arguments, on a screen that is wide enough."""
    return CliRunner().invoke(estimate, arguments, env={"COLUMNS": "120"})


def plain(*arguments: str) -> dict[str, Any]:
    result = run("--json", *arguments)
    assert result.exit_code == 0
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_the_table_shows_the_project_s_figures() -> None:
    """Every step of the formula is on the screen, with its result."""
    result = run()
    assert result.exit_code == 0
    for shown in (
        "1,000 x 30 x 30 %",
        "9,000 calls",
        "9,000 x $0.0005",
        "$4.50",
        "$54.00",
        "3.75 h",
        "5,000 x 30 x 90 %",
        "135,000 requests",
        "135,000 x 2 KB",
        "270 MB",
    ):
        assert shown in result.stdout


def test_the_json_is_exact() -> None:
    """Counts are numbers; money is decimal text, so that nobody rounds it on the way."""
    result = plain()["estimate"]
    assert result["calls_per_month"] == 9000
    assert (result["usd_per_month"], result["usd_per_year"]) == ("4.50", "54.00")
    assert result["requests_per_month"] == 135_000
    assert result["bytes_per_month"] == 270_000_000


def test_assumptions_can_be_changed() -> None:
    """Shares are taken as 0.5 or 50%; a price of the cache makes net savings, negative ones too."""
    for share in ("0.5", "50%"):
        changed = plain("--corrections", "10", "--correction-hits", share, "--usd-per-call", "0.00139", "--cache-usd", "15")
        assert changed["estimate"]["calls_per_month"] == 150
        assert changed["estimate"]["usd_per_month"] == "0.2085"
        assert changed["estimate"]["net_usd_per_month"] == "-14.7915"
    assert (
        "-$14.79" in run("--corrections", "10", "--correction-hits", "50%", "--usd-per-call", "0.00139", "--cache-usd", "15").stdout
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("--correction-hits", "130%"),
        ("--lookups", "-5"),
        ("--usd-per-call", "cheap"),
        ("--usd-per-call", "nan"),
        ("--cache-usd", "inf"),
        ("--lookups", "5.5"),
        ("--correction-hits", "snan%"),
        ("--usd-per-call", "1e999999"),
        ("--usd-per-call", "1e-999999"),
        ("--lookups", "9" * 400),
        ("--days", "400"),
        ("extra",),
    ],
)
def test_wrong_figures_are_wrong_usage(arguments: tuple[str, ...]) -> None:
    """Exit code 2 and a sentence, no traceback."""
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Error:" in result.stderr
    assert "Traceback" not in result.output


def test_the_help_names_every_assumption_with_its_default() -> None:
    """What can be changed, and what it is otherwise."""
    shown = run("--help").stdout
    for option in ("--corrections", "--correction-hits", "--usd-per-call", "--lookups", "--lookup-hits", "--cache-usd", "--json"):
        assert option in shown
    for default in ("1000", "30%", "0.0005", "5000", "90%", "2000"):
        assert f"default: {default}" in " ".join(shown.split())


@pytest.mark.parametrize("option", ["--usd-per-call", "--seconds-per-call", "--cache-usd", "--correction-hits"])
def test_nothing_is_never_minus_nothing(option: str) -> None:
    """Neither in the table nor in JSON, whatever was typed."""
    assert "-0" not in run(option, "-0").stdout + run(option, "-0.00", "--json").stdout


def test_figures_of_any_size_are_printed() -> None:
    """Zero and very large assumptions have a table too."""
    assert "$0.00" in run("--corrections", "0", "--lookups", "0").stdout
    assert "TB" in run("--lookups", "5000000000").stdout
    huge = [part for name in ("--corrections", "--usd-per-call", "--seconds-per-call", "--lookups", "--bytes-per-lookup", "--cache-usd")
            for part in (name, "10000000000")]  # fmt: skip
    assert run(*huge, "--correction-hits", "33.3333333%", "--lookup-hits", "0.000000000001").exit_code == 0


@pytest.mark.live
def test_the_ledger_is_shown_beside_the_estimate(database_url: str) -> None:
    """Paid, avoided, net, hit rate and unpriced calls of the window, in the table and in JSON."""
    call = LlmCall("paid", "correct", "m", 450, 0, 150, 0, Decimal("0.00051"), "", 1.5)
    with Core.open(Config.from_env({"DATABASE_URL": database_url})) as core:
        for each in (call, *[call._replace(kind="avoided")] * 2, call._replace(kind="avoided", cost_usd=None)):
            core.recorder.llm(each)
            core.recorder.hit(Family.LLM, Tier.REDIS, Outcome.MISS if each.kind == "paid" else Outcome.HIT, 0.001)
    environ = {"DATABASE_URL": database_url, "COLUMNS": "120"}
    shown = CliRunner().invoke(estimate, ["--measured", "1h", "--cache-usd", "7.2"], env=environ)
    for part in ("Measured in the last 1h", "$0.0010", "75.0 %", "Calls without a known price, in no sum: 1."):
        assert part in shown.stdout
    found = json.loads(CliRunner().invoke(estimate, ["--measured", "1h", "--cache-usd", "7.2", "--json"], env=environ).stdout)
    assert found["measured"] == {
        "paid_calls": 1,
        "paid_usd": "0.00051",
        "avoided_calls": 3,
        "avoided_usd": "0.00102",
        "net_usd": "-0.00898",
        "unpriced_calls": 1,
        "hit_ratio": 0.75,
        "waiting_saved_s": 4.5,
        "hold_out": {"pairs": 0, "rate": None, "low": None, "high": None},
    }


@pytest.mark.live
def test_what_was_held_out_says_how_much_of_each_dollar_was_really_saved(database_url: str) -> None:
    """From thirty calls on; before that, how many are needed."""
    call = LlmCall("paid", "correct", "m", 450, 0, 150, 0, Decimal("0.0012"), "", 1.5, Decimal("0.0010"), line="hold-out")
    environ = {"DATABASE_URL": database_url, "COLUMNS": "120"}
    shown = []
    for count in (29, 1):
        with Core.open(Config.from_env({"DATABASE_URL": database_url})) as core:
            for _ in range(count):
                core.recorder.llm(call)
        shown.append(CliRunner().invoke(estimate, ["--measured", "1h"], env=environ).stdout)
    assert "needs 30 calls" in shown[0]
    assert "1.20 (1.20 to 1.20)" in shown[1]


@pytest.mark.live
def test_an_uneven_share_of_the_cache_s_price_is_rounded(database_url: str) -> None:
    """A day of a $10 month is 33 cents and a third: shown to the millionth."""
    arguments = ["--measured", "24h", "--cache-usd", "10", "--json"]
    shown = CliRunner().invoke(estimate, arguments, env={"DATABASE_URL": database_url})
    assert json.loads(shown.stdout)["measured"]["net_usd"] == "-0.333333"


@pytest.mark.parametrize("span", ["soon", "0d", "-1h", "9999w"])
def test_a_window_that_cannot_be_read_is_wrong_usage(span: str) -> None:
    """Exit code 2, before anything is asked."""
    assert run("--measured", span).exit_code == 2
