"""The wheel: the core alone, few and small packages, and an answer from it where nothing else is installed."""

import shutil
import subprocess
import tarfile
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import prosepolish_core
from benchmarks.bare_install import MOST_MB, MOST_PACKAGES, built, empty_python, megabytes
from tests.support.words import entry

pytestmark = pytest.mark.xdist_group("wheel")

#: Imports every public name, looks a word up, and tries a verb.
SCRIPT = f"""
import sys
import prosepolish_core as p
public = [getattr(p, name) for name in p.__all__]
from prosepolish_core.model.tier_replies import WordRow
with p.Core.open(p.Config.from_env()) as core:
    assert core.words.put("eloquent", WordRow(entry={entry("eloquent")!r}), 30)
    print(core.dictionary.lookup("eloquent").tier, core.dictionary.lookup("Eloquent").tier)
    print(core.corrector.correct("Teh text.").detail)
    print(core.health().to_dict()["ready"])
print(len(public), "numpy" in sys.modules)
from prosepolish_core.cli.entry import run
print(run())
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("wheel"), source_too=True)


@pytest.fixture(scope="module")
def bare(wheel: Path) -> Path:
    """An environment with the wheel and, for each requirement without an extra, the files installed here for it."""
    python = empty_python(wheel.parent / "venv")
    (site,) = (python.parents[1] / "lib").glob("python*/site-packages")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(site)
    (installed,) = site.glob("prosepolish-*.dist-info")
    wanted, seen = _needs((installed / "METADATA").read_text().splitlines()), set[str]()
    while wanted:
        need = wanted.pop()
        if str(need) not in seen:
            seen.add(str(need))
            found = distribution(need.name)
            for file in found.files or ():
                if file.suffix != ".pyc" and ".." not in file.parts:
                    target = site / file
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(Path(str(found.locate_file(file))), target)
            wanted += _needs([f"Requires-Dist: {text}" for text in found.requires or ()], need.extras)
    return python


def _needs(lines: list[str], extras: set[str] | None = None) -> list[Requirement]:
    """The requirements that hold on this machine, with these extras."""
    named = [Requirement(line.removeprefix("Requires-Dist: ")) for line in lines if line.startswith("Requires-Dist: ")]
    chosen = [{"extra": extra} for extra in extras or ()] or [{"extra": ""}]
    return [need for need in named if need.marker is None or any(need.marker.evaluate(extra) for extra in chosen)]


def test_the_wheel_ships_the_core_and_nothing_else(wheel: Path) -> None:
    """No `pages`, `dashboard` or `demo` that would shadow a user's own folder; types, SQL and Lua are there."""
    names = zipfile.ZipFile(wheel).namelist()
    version = prosepolish_core.__version__
    assert {name.split("/")[0] for name in names} == {"prosepolish_core", f"prosepolish-{version}.dist-info"}
    for suffix in ("py.typed", "0001_samples.sql", "check_limits.lua"):
        assert [name for name in names if name.endswith(f"/{suffix}")]


def test_the_source_package_has_tests_and_documents(wheel: Path) -> None:
    """Who packages it for a distribution can test it."""
    (packed,) = wheel.parent.glob("*.tar.gz")
    with tarfile.open(packed) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"tests/conftest.py", "docs/operations.md", "deploy/Dockerfile", "app.py", ".streamlit/config.toml", "constraints.txt"}
    assert wanted <= names
    assert not [name for name in names if name.startswith((".git/", ".venv", "secrets", ".prosepolish"))]


def test_the_bare_core_answers_with_few_and_small_packages(bare: Path, valkey_url: str, database_url: str, tmp_path: Path) -> None:
    """Everything public is imported, numpy is not, a lookup is answered, and what is missing is said in a sentence."""
    environ = {"REDIS_URL": valkey_url, "DATABASE_URL": database_url, "GEMINI_API_KEY": "none", "PROSEPOLISH_REDIS_TIMEOUT_S": "3"}
    environ |= {"GEMINI_API_ENDPOINT": "http://127.0.0.1:9", "DICTIONARY_API_URL": "http://127.0.0.1:9"}
    command = [str(bare), "-c", SCRIPT]
    done = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    words = len(prosepolish_core.__all__)
    assert done.stdout.splitlines() == ["postgres redis", "sdk_missing", "True", f"{words} False", "1"]
    assert "google-generativeai is not installed, so the LLM is never asked: pip install 'prosepolish[gemini]'\n" in done.stderr
    assert done.stderr.endswith("Error: the command line needs click: pip install 'prosepolish[cli]'\n")
    (site,) = (bare.parents[1] / "lib").glob("python*/site-packages")
    assert len(list(site.glob("*.dist-info"))) <= MOST_PACKAGES
    assert megabytes(site) <= MOST_MB
