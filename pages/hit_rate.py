from dashboard import runtime
from dashboard.components.live import live
from dashboard.sections import hit_rate as section
from dashboard.views import hit_rate

live("hit_rate", lambda window: hit_rate.build(runtime.samples(), runtime.telemetry(), window), section.draw, compared="always")
