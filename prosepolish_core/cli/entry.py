"""Where the `prosepolish` program begins: imports nothing before Ctrl-C is handled."""

import sys


def run() -> int:
    """Run the command line; Ctrl-C while it is still loading ends it quietly."""
    try:
        from .main import main
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return 1
    except ModuleNotFoundError as error:
        sys.stderr.write(f"Error: the command line needs {error.name}: pip install 'prosepolish[cli]'\n")
        return 1
    return main()
