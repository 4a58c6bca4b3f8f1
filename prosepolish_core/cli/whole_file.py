"""A file that is there whole or as it was before: written beside its place, then put there at once."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Gives a place beside `path` to write to, and moves it there at the end. A fault of the disk is told."""
    fresh = path.with_name(f"{path.name}.new")
    try:
        yield fresh
        os.replace(fresh, path)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from None
    finally:
        fresh.unlink(missing_ok=True)


def print_or_put(text: str, path: Path | None) -> None:
    """Print the text, or make it this file."""
    if path is None:
        click.echo(text, nl=False)
        return
    with whole_file(path) as place:
        place.write_text(text, encoding="utf-8")
