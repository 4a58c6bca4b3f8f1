"""`python -m demo` is `prosepolish up`."""

import sys


def main() -> None:
    """Run the command; Ctrl-C while it is still loading ends it quietly."""
    try:
        from .cli import up
    except KeyboardInterrupt:
        sys.exit(1)
    up(prog_name="prosepolish up")


if __name__ == "__main__":
    main()
