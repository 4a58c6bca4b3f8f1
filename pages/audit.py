from dashboard import runtime
from dashboard.components.actions import PageAction, possible
from dashboard.components.live import live
from dashboard.sections import audit

if possible(PageAction.READ_AUDIT):
    live("audit", lambda _window: runtime.core().audit.newest(), audit.draw)
