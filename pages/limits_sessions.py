from dashboard import runtime
from dashboard.components.live import live
from dashboard.sections import limits_sessions as section
from dashboard.sections import log_out_user
from dashboard.views import limits_sessions

live("limits_sessions", lambda window: limits_sessions.read(runtime.core(), window), section.draw)
log_out_user.form()
