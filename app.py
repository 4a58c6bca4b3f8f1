"""The web process: builds the Config, wires the Core, and serves the pages with /healthz, /readyz and /metrics.

No logic.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from dashboard import runtime
from dashboard.gatekeeper import Gatekeeper, known_names
from dashboard.routes import routes
from dashboard.script_errors import show_script_error
from dashboard.startup import closed_or_exit, config_or_exit, warm_up
from prosepolish_core import Core

config = config_or_exit()


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """One Core for the life of this process; closing it flushes the telemetry and releases the pools."""
    core = Core.open(config)
    runtime.install(core)
    core.standings.start()
    warm_up()
    try:
        yield
    finally:
        core.close()


app = st.App(
    Path(__file__).with_name("pages") / "_router.py",
    lifespan=lifespan,
    routes=routes(),
    secrets={"auth": config.auth_section()} if config.signs_in else None,
    on_script_error=show_script_error,
    middleware=[
        Middleware(
            Gatekeeper,
            names=known_names(config),
            token=config.metrics_token.get_secret_value() if config.metrics_token else "",
            encrypted=config.dashboard_url.startswith("https://"),
        )
    ],
)
# Only now: settings beside the script are read when the App is made, whoever serves it.
closed_or_exit(config, st.get_option("server.address"))
