"""What does the bare core cost a service that installs it? (bars: 20 packages, 30 MB)."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ._table import row

ROOT = Path(__file__).parents[1]
MOST_PACKAGES, MOST_MB = 20, 30.0
#: What is no source: made by tools and runs.
MADE = (".git", ".venv", ".prosepolish", ".*cache", "__pycache__", "*.egg-info", "build", "results", ".peers", "htmlcov", "secrets")
NOT_SOURCE = shutil.ignore_patterns(*MADE)


def built(folder: Path, *, source_too: bool = False) -> Path:
    """The wheel of this checkout, made from a copy, so that nothing is left in the checkout."""
    source = folder / "source"
    shutil.copytree(ROOT, source, ignore=NOT_SOURCE, symlinks=True)
    code = "from setuptools import build_meta as b; b.build_wheel('..')" + ("; b.build_sdist('..')" if source_too else "")
    subprocess.run([sys.executable, "-c", code], cwd=source, check=True, capture_output=True, text=True)
    return next(folder.glob("*.whl"))


def empty_python(folder: Path) -> Path:
    """The interpreter of a new environment without a single package."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return folder / "bin/python"


def megabytes(folder: Path) -> float:
    """What the files take, compiled ones aside: these are made on first use."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and file.suffix != ".pyc") / 1e6


def main() -> int:
    """Install the wheel with pip, from its registry, into an empty environment."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = empty_python(folder / "venv")
        pip = [sys.executable, "-m", "pip", "--python", str(python)]
        constraints = ["-c", str(ROOT / "constraints.txt")]
        subprocess.run([*pip, "install", "--quiet", "--no-compile", *constraints, str(built(folder))], check=True)
        listed = subprocess.run([*pip, "list", "--format=json"], check=True, capture_output=True, text=True)
        packages, size = len(json.loads(listed.stdout)), megabytes(python.parents[1] / "lib")
        fits = row("the bare core: packages", f"<= {MOST_PACKAGES}", f"{packages}", packages <= MOST_PACKAGES)
        small = row("the bare core: size", f"<= {MOST_MB:.0f} MB", f"{size:.1f} MB", size <= MOST_MB)
        return 0 if fits and small else 1


if __name__ == "__main__":
    sys.exit(main())
