from dashboard import runtime
from dashboard.components.live import live
from dashboard.sections import postgres as section
from dashboard.views import postgres

live("postgres", lambda window: postgres.build(runtime.samples(), window), section.draw)
