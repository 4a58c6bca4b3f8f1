"""The Grafana board and the scrape example, against what /metrics really tells and a real Prometheus."""

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from ruamel.yaml import YAML
from starlette.applications import Starlette

from benchmarks._redis_versions import free_port
from dashboard import runtime
from dashboard.routes import routes
from prosepolish_core import Core, Limit
from prosepolish_core.model.llm import LlmCall
from prosepolish_core.model.sample import INFO
from prosepolish_core.model.tier_replies import WordRow
from prosepolish_core.watch.metrics.render import render
from prosepolish_core.watch.metrics.totals import CoreTotals
from tests.dashboard.stack import collect, installed
from tests.support.waiting import wait_for
from tests.support.words import entry

DEPLOY = Path(__file__).parents[2] / "deploy"
BOARD: dict[str, Any] = json.loads((DEPLOY / "grafana/prosepolish.json").read_text(encoding="utf-8"))
EXPRESSIONS = sorted({target["expr"] for panel in BOARD["panels"] for target in panel.get("targets", ())})
ASKED = [*EXPRESSIONS, *(variable["definition"] for variable in BOARD["templating"]["list"] if variable["type"] == "query")]


def filled(expression: str) -> str:
    """The query as Grafana sends it."""
    return expression.replace("$__rate_interval", "1m").replace("$instance", ".*").replace("$family", ".*")


@pytest.fixture
def lived(valkey_url: str, database_url: str) -> Iterator[Core]:
    """A stack that was used and observed: lookups, a denied limit, a paid call, two readings."""
    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url) as core:
        core.words.put("eloquent", WordRow(entry=entry("eloquent")), 5)
        core.dictionary.lookup("eloquent")
        core.dictionary.lookup("eloquent")
        for _ in range(2):
            core.limiter.check("someone", [Limit(1, per_s=60)])
        core.recorder.llm(LlmCall("paid", "correct", "a-model", 10, 0, 10, 0, Decimal("0.001"), "", 1.0))
        core.recorder.flush()
        collect(core)
        yield core


def test_the_board_is_addressed_by_a_fixed_name_and_a_chosen_data_source() -> None:
    """A link to it survives an import; no panel names somebody's own Prometheus."""
    assert BOARD["uid"] == "prosepolish-overview"
    assert "id" not in BOARD
    assert BOARD["templating"]["list"][0] == {"name": "source", "label": "Data source", "type": "datasource", "query": "prometheus"}
    drawn = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
    assert {panel["datasource"]["uid"] for panel in drawn} == {"${source}"}
    assert all("rate(" not in expression or "[$__rate_interval]" in expression for expression in EXPRESSIONS)


def test_every_metric_of_the_board_is_told(lived: Core) -> None:
    """Each name in a query stands in the text of /metrics."""
    now = datetime.now(UTC)
    readings, totals = lived.samples.latest(), CoreTotals(lived.telemetry).read(now + timedelta(minutes=1))
    states = {reading.key.source: lived.samples.state(reading.key.source) for reading in readings}
    text = render(readings, states, totals, now, targets=tuple(lived.config.targets()), pulses=lived.samples.pulses(INFO))
    told = set(re.findall(r"^(\w+)[{ ]", text, re.MULTILINE))
    wanted = {name for query in ASKED for name in re.findall(r"\b(?:redis|prosepolish)_\w+", query)}
    assert len(wanted) == 20
    assert wanted - told == set()


@pytest.mark.live
@pytest.mark.skipif(shutil.which("prometheus") is None, reason="no Prometheus here: apt-get install prometheus")
def test_a_real_prometheus_scrapes_it_and_answers_every_query(lived: Core, tmp_path: Path) -> None:
    """With the scrape example, its target and pace aside; no query of the board is refused."""
    runtime.install(lived)
    port, own = free_port(), free_port()
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes()), port=port, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    scrape = YAML(typ="safe").load(DEPLOY / "prometheus.yml")
    (job,) = scrape["scrape_configs"]
    job |= {"scrape_interval": "1s", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
    (tmp_path / "prometheus.yml").write_text(json.dumps(scrape))
    command = ["prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data"]
    prometheus = subprocess.Popen([*command, f"--web.listen-address=127.0.0.1:{own}"], stderr=subprocess.DEVNULL)
    try:

        def asked(query: str) -> dict[str, Any]:
            try:
                reply = httpx.get(f"http://127.0.0.1:{own}/api/v1/query", params={"query": query}, timeout=10)
                answer: dict[str, Any] = reply.json()
            except (httpx.TransportError, ValueError):
                return {"status": "away", "data": {"result": []}}
            return answer

        wait_for(lambda: bool(asked("prosepolish_store_up == 1")["data"]["result"]))
        assert [found["value"][1] for found in asked('up{job="prosepolish"}')["data"]["result"]] == ["1"]
        refused = {query: asked(filled(query)) for query in EXPRESSIONS}
        assert [query for query, answer in refused.items() if answer["status"] != "success"] == []
        assert [found["metric"]["instance"] for found in asked("redis_up")["data"]["result"]] == ["cache"]
    finally:
        prometheus.terminate()
        prometheus.wait(timeout=20)
        server.should_exit = True
        thread.join(timeout=20)
