"""HTTP beside the pages: /healthz (alive), /readyz (per dependency) and /metrics (Prometheus text)."""

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from prosepolish_core.watch.metrics.render import CONTENT_TYPE

from . import runtime


def routes() -> list[Route]:
    """Exact routes: a Mount would answer only with a trailing slash and let `/metrics` fall through to the web page."""
    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]


async def healthz(_request: Request) -> Response:
    """This process is alive. No dependency is asked."""
    return PlainTextResponse("ok\n")


def readyz(_request: Request) -> Response:
    """Every dependency with its state.

    503 only when one that this process cannot do without is down; never a secret.
    """
    found = runtime.core().health()
    return JSONResponse(found.to_dict(), status_code=200 if found.ready else 503)


def metrics(_request: Request) -> Response:
    """The latest readings, and how everything stands; with the store down only the latter."""
    return PlainTextResponse(runtime.exposition().text(runtime.core().health()), media_type=CONTENT_TYPE)
