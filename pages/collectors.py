from dashboard import runtime
from dashboard.components.live import live
from dashboard.sections import collectors as section
from dashboard.views import collectors

live("collectors", lambda window: collectors.build(runtime.samples(), window), section.draw)
