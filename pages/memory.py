from dashboard import runtime
from dashboard.components.live import live
from dashboard.sections import memory as section
from dashboard.views import memory

live("memory", lambda window: memory.build(runtime.samples(), window, tuple(runtime.core().config.targets())), section.draw)
