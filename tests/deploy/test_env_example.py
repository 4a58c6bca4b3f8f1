"""`.env.example` is complete and usable as it stands."""

import re
from pathlib import Path

from prosepolish_core.config import SECRETS, Config, variables

TEXT = (Path(__file__).parents[2] / ".env.example").read_text(encoding="utf-8")
NAMED = set(re.findall(r"^#?([A-Z_]+)=", TEXT, re.MULTILINE))
#: Read only to build REDIS_URL.
PARTS = {"REDIS_HOST", "REDIS_PORT", "REDIS_DB", "REDIS_PASSWORD", "REDIS_TLS_ENABLED"}


def test_every_variable_is_listed_and_nothing_else() -> None:
    """The file names exactly the variables that the configuration reads."""
    assert set(variables()) | PARTS == NAMED


def test_every_secret_is_marked() -> None:
    """A secret carries the star that says it may come from a file."""
    lines = TEXT.splitlines()
    for name in set(SECRETS) - {"REDIS_PASSWORD"}:
        at = next(i for i, line in enumerate(lines) if line.startswith(f"{name}="))
        assert lines[at - 1].startswith("# *"), name


def test_the_file_as_it_stands_is_a_valid_configuration() -> None:
    """Copied unchanged, the file gives the defaults."""
    given = dict(line.split("=", 1) for line in TEXT.splitlines() if re.match(r"^[A-Z_]+=", line))

    assert Config.from_env(given) == Config.from_env({})
