"""Every path, command, make target, setting and name that README and the documents mention exists."""

import re
from importlib.util import find_spec

import click
import pytest

from prosepolish_core import Core
from prosepolish_core.cli.main import group
from prosepolish_core.config import variables
from prosepolish_core.watch.alerts.rules import BY_NAME
from tests.docs.documents import DOCUMENTS, RECORDS, ROOT, SUFFIXES, Span, links, spans, tracked, words

SPANS = spans(DOCUMENTS)
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
#: Read by Streamlit, by the tests and by the shell, not by our configuration.
FOREIGN_SETTINGS = {"STREAMLIT_SERVER_ADDRESS", "TEST_DATABASE_URL", "OTEL_EXPORTER_OTLP_ENDPOINT"}
#: Names of other programs, of the servers and of SQL.
FOREIGN_NAMES = {"pg_dump", "prosepolish_default", "runner", "postScriptGC"}
#: Made when a command runs.
MADE = {
    ".prosepolish",
    "benchmarks/.peers",
    "htmlcov/index.html",
    "redis-settings.json",
    "secrets",
    *("secrets/gemini-api-key", "secrets/oidc-client-secret", "secrets/pepper", "secrets/ca.key"),
    "alerts.json",
}
#: Metrics whose name is a prefix and a column of PostgreSQL.
PREFIXED = re.compile(r"^postgres_(?=blks_)")


@pytest.mark.parametrize(("path", "target"), links([*DOCUMENTS, *RECORDS]), ids=lambda value: str(value).rsplit("/", 1)[-1])
def test_a_link_leads_somewhere(path: object, target: str) -> None:
    """To a file, and to a heading of that file where one is named."""
    base = ROOT / str(path)
    name, _, heading = target.partition("#")
    file = (base.parent / name) if name else base
    assert file.exists()
    if heading:
        titles = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
        assert heading in {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_readme_can_be_read_elsewhere() -> None:
    """A package index shows it without the repository: each link is whole."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"\]\((?!https://|#)[^)]*\)", text) == []


def paths() -> list[Span]:
    """Code spans that look like a path of ours."""
    found = []
    for document, code in SPANS:
        for word in code.split():
            file = word.strip("`'\",;()")
            if (
                re.fullmatch(r"[\w.\-/]+", file)
                and not file.startswith(("/", "-", "http"))
                and ("/" in file or file.endswith(SUFFIXES))
            ):
                found.append(Span(document, file))
    return sorted(set(found))


@pytest.mark.parametrize("span", paths(), ids=str)
def test_a_path_exists(span: Span) -> None:
    """From the root, or as the end of a path that is told apart by it (`limits/named.py`)."""
    wanted = span.code.rstrip("/")
    assert wanted in MADE or any(path == wanted or path.endswith(f"/{wanted}") for path in TRACKED)


TRACKED = tracked()


@pytest.mark.parametrize("target", sorted({t for _, code in SPANS for t in re.findall(r"\bmake ([a-z][a-z-]+)", code)}))
def test_a_make_target_exists(target: str) -> None:
    """And says what it does in `make help`."""
    assert re.search(rf"^{target}:.*## \S", MAKEFILE, re.MULTILINE)


def commands() -> list[Span]:
    """Command lines of ours."""
    return sorted({Span(d, m) for d, code in SPANS for m in re.findall(r"\bprosepolish ([a-z][^|;&]*)", code)})


@pytest.mark.parametrize("span", commands(), ids=str)
def test_a_command_exists_with_its_options(span: Span) -> None:
    """Each verb and each option as click knows them."""
    context = click.Context(group)
    names = re.findall(r"(?<!\S)([a-z]+)", span.code)
    verb = group.get_command(context, names[0])
    assert verb is not None
    options = {name for command in _with_parts(verb) for option in command.params for name in option.opts} | {"--help"}
    assert set(re.findall(r"--[a-z-]+", span.code)) <= options


def _with_parts(command: click.Command) -> list[click.Command]:
    parts = list(command.commands.values()) if isinstance(command, click.Group) else []
    return [command, *parts]


@pytest.mark.parametrize("module", sorted({m for _, code in SPANS for m in re.findall(r"python -m ([\w.]+)", code)}))
def test_a_module_that_is_run_exists(module: str) -> None:
    """`python -m` finds it."""
    assert find_spec(module)


OURS = ("PROSEPOLISH_", "REDIS_", "DATABASE_", "DICTIONARY_", "GEMINI_", "LOG_", "POSTGRES_")
SETTINGS = {word for path in DOCUMENTS for word in re.findall(r"\b[A-Z]+(?:_[A-Z0-9]+)+\b", path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("name", sorted(word for word in SETTINGS if word.startswith(OURS)))
def test_a_setting_exists(name: str) -> None:
    """The configuration reads it, itself or as NAME_FILE; or docker compose does."""
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert name in variables() or name.removesuffix("_FILE") in variables() or re.search(rf"^#?{name}=", example, re.MULTILINE)


def names() -> list[Span]:
    """Code spans that are names: of functions, metrics, columns, events, outcomes."""
    pattern = re.compile(r"(?:core\.)?[a-z]\w*(?:\.\w+)*(?:\([^()]*\))?")
    return sorted({Span(d, code) for d, code in SPANS if pattern.fullmatch(code) and not code.endswith(SUFFIXES)})


WORDS = words() | set(BY_NAME)  # rules of tiers are named when the table is built


@pytest.mark.parametrize("span", names(), ids=str)
def test_a_name_exists(span: Span) -> None:
    """Each part of it is a word of the program."""
    bare = PREFIXED.sub("", re.sub(r"\(.*", "", span.code))
    assert {part for part in re.split(r"\W+", bare) if part} <= WORDS | FOREIGN_NAMES


@pytest.mark.parametrize(
    "name", sorted({n for p in DOCUMENTS for n in re.findall(r"\bcore\.(?!py\b|md\b)([a-z_]+)", p.read_text(encoding="utf-8"))})
)
def test_a_part_of_the_core_exists(name: str) -> None:
    """`core.dictionary`, `core.limiter` and what else the examples use."""
    assert hasattr(Core, name)
