"""`python -m prosepolish_core`: the command line, where no `prosepolish` is on the path."""

import sys

from .cli.entry import run

sys.exit(run())
