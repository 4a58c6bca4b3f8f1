"""Runs every benchmark one after the other, each in its own process: `python -m benchmarks [NAME …] [--list]`."""

import argparse
import ast
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def questions() -> dict[str, str]:
    """Module name -> the question it answers (the first line of its docstring)."""
    found = {}
    for path in sorted(HERE.glob("[a-z]*.py")):
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        found[path.stem] = text.splitlines()[0] if text else ""
    return found


def main() -> int:
    """Run the named benchmarks, or all; the exit code is 1 when one of them failed to run."""
    known = questions()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="*", choices=[*known, []], help="default: all")
    parser.add_argument("--list", action="store_true", help="print the questions and stop")
    arguments = parser.parse_args()
    failed = []
    for name in arguments.name or known:
        print(f"\n== {name}: {known[name]}", flush=True)
        if not arguments.list and subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
            failed.append(name)
    if failed:
        print(f"\nDid not run to the end: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
