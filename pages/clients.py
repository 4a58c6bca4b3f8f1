from dashboard import runtime
from dashboard.components.live import live
from dashboard.sections import clients as section
from dashboard.views import clients

live("clients", lambda window: clients.build(runtime.samples(), window, tuple(runtime.core().config.targets())), section.draw)
