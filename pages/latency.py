from dashboard import runtime
from dashboard.components.live import live
from dashboard.sections import latency as section
from dashboard.views import latency

live("latency", lambda window: latency.build(runtime.samples(), runtime.telemetry(), window), section.draw, compared="asked")
