"""The examples in docs/using-the-core.md are programs that run."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from demo.standins import StandIns
from prosepolish_core.live.llm.gemini_generativeai import GenerativeAiBackend
from prosepolish_core.live.llm.prompts import CORRECT
from tests.support.waiting import PATIENT

TEXT = (Path(__file__).parents[2] / "docs/using-the-core.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.live
def test_the_first_example_runs_as_it_is_written(valkey_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against real servers and the stand-in upstreams, word for word."""
    with StandIns(speed=100) as up:
        settings = {
            "REDIS_URL": valkey_url,
            "DATABASE_URL": database_url,
            "DICTIONARY_API_URL": up.dictionary_api.url,
            "GEMINI_API_ENDPOINT": up.gemini.url,
            "GEMINI_API_KEY": "stand-in",
            "PROSEPOLISH_PEPPER": "x" * 40,
            **PATIENT,
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        # The SDK takes a second to load, many on a busy machine, and the example's deadlines are the users'.
        assert GenerativeAiBackend("any", up.gemini.url).generate(CORRECT.request("gemini-3.5-flash-lite", "Teh text."), 60.0)
        given: dict[str, Any] = {}

        exec(compile(BLOCKS[0], "using-the-core", "exec"), given)

    assert given["found"].entry.word == "eloquent"
    assert list(given["many"]) == ["a", "word"]
    assert given["better"].corrected
    assert given["decision"].allowed
    assert given["token"]


@pytest.mark.parametrize("block", BLOCKS)
def test_every_import_from_the_core_exists(block: str) -> None:
    """Each name the examples import from prosepolish_core is there."""
    for node in ast.walk(ast.parse(block)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("prosepolish_core"):
            module = __import__(node.module or "", fromlist=["x"])
            assert all(hasattr(module, alias.name) for alias in node.names)
