"""`prosepolish whatif`."""

import json

import pytest

from prosepolish_core import Config, Core
from prosepolish_core.cli.main import main
from tests.support.traced import trace_days

pytestmark = pytest.mark.live


def test_a_scenario_is_told_in_sentences_a_table_and_json(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All three from the same numbers; without a known limit of memory, there is none."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "120")
    with Core.open(Config.from_env({"DATABASE_URL": database_url})) as core:
        trace_days(core, 150)

    assert main(["whatif", "--ttl", "llm=72h"]) == 0
    shown = capsys.readouterr().out
    assert main(["whatif", "--ttl", "llm=72h", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)

    assert told["sentences"][0] in shown
    today, then = (next(row["hit"] for row in told[side]["families"] if row["family"] == "llm") for side in ("today", "scenario"))
    assert then["value"] > today["value"]
    assert told["hit_ratio_change"]["llm"]["value"] == pytest.approx(then["value"] - today["value"])
    assert told["today"]["maxmemory"] is None
    saved = told["today"]["llm_usd_per_month"]["value"] - told["scenario"]["llm_usd_per_month"]["value"]
    assert saved > 0
    assert told["saved_usd_per_month"]["value"] == pytest.approx(saved)
    assert told["trace"]["share_of_keys"] == {"dict": 1.0, "user": 1.0, "llm": 1.0}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--ttl", "llm"], 2, "write for example llm=72h"),
        (["--ttl", "llm=0s"], 2, "'0s' is not a time range"),
        (["--ttl", "session=5h"], 2, "no key family that can be planned"),
        (["--maxmemory", "-5mb"], 2, "write for example 512mb or 2gb"),
        ([], 1, "no key read was traced yet"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(
    arguments: list[str],
    code: int,
    said: str,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Wrong usage is 2; a trace that is not there yet is 1."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert main(["whatif", *arguments]) == code
    assert said in capsys.readouterr().err
