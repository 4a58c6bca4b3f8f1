"""`python -m demo` is `prosepolish up`."""

from .cli import up

if __name__ == "__main__":
    up(prog_name="prosepolish up")
