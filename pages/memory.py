from dashboard import runtime
from dashboard.components.live import live
from dashboard.sections import memory as section
from dashboard.views import memory
from dashboard.views.rule_board import RuleBoard
from prosepolish_core.model.window import Window


def _memory(window: Window) -> memory.MemoryView:
    core = runtime.core()
    return memory.build(core.samples, window, tuple(core.config.targets()), RuleBoard(core.alerts.standings()))


live("memory", _memory, section.draw, compared="asked")
