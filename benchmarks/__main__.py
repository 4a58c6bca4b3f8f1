"""Runs every benchmark one after the other, each in its own process: `python -m benchmarks [NAME …] [--list]`.

A name may bring its own options: `python -m benchmarks "collector_proofs --kills 40"`. The rows of their tables come
once more at the end.
"""

import argparse
import ast
import shlex
import subprocess
import sys
from pathlib import Path

from ._table import table

HERE = Path(__file__).parent


def questions() -> dict[str, str]:
    """Module name -> the question it answers (the first line of its docstring)."""
    found = {}
    for path in sorted(HERE.glob("[a-z]*.py")):
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        found[path.stem] = text.splitlines()[0] if text else ""
    return found


def run(name: str, options: list[str]) -> tuple[int, list[str]]:
    """One benchmark in its own process: its exit code and what it printed, which is passed on as it comes."""
    lines = []
    with subprocess.Popen(
        [sys.executable, "-u", "-m", f"benchmarks.{name}", *options], stdout=subprocess.PIPE, text=True
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line.rstrip("\n"))
    return process.returncode, lines


def main() -> int:
    """Run the named benchmarks, or all; the exit code is 1 when one of them failed to run."""
    known = questions()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="*", help="default: all")
    parser.add_argument("--list", action="store_true", help="print the questions and stop")
    arguments = parser.parse_args()
    chosen = [shlex.split(name) for name in arguments.name] or [[name] for name in known]
    if strange := [name for name, *_ in chosen if name not in known]:
        parser.error(f"no such benchmark: {', '.join(strange)}; known are {', '.join(known)}")
    failed, printed = [], []
    for name, *options in chosen:
        print(f"\n== {name}: {known[name]}", flush=True)
        if not arguments.list:
            code, lines = run(name, options)
            printed += lines
            failed += [name] * bool(code)
    if rows := table(printed):
        print(f"\n{rows}")
    if failed:
        print(f"\nMissed a bar or did not run to the end: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
