from dashboard import runtime
from dashboard.components.live import live
from dashboard.sections import biggest_keys
from dashboard.sections import keyspace as section
from dashboard.views import keyspace
from prosepolish_core.model.window import Window


def _keyspace(window: Window) -> keyspace.KeyspaceView:
    sealed = runtime.core().config.encryption_keys is not None
    return keyspace.build(runtime.samples(), window, sealed=sealed)


live("keyspace", _keyspace, section.draw)
biggest_keys.panel()
