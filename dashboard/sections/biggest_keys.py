"""The biggest keys of the cache and of the server of sessions, when somebody asks."""

import streamlit as st

from dashboard import runtime
from dashboard.components import table
from dashboard.components.foreign_text import plain
from dashboard.views.names import family_label
from prosepolish_core.calc import numbers
from prosepolish_core.errors import CacheUnavailable
from prosepolish_core.watch.redis_info.biggest_keys import biggest


def panel() -> None:
    """One button a server; nothing is walked before it is pressed."""
    st.subheader("Which keys are the biggest?", anchor=False)
    core = runtime.core()
    servers = {"cache": lambda: core.redis} | ({} if core.config.state_is_shared else {"state": lambda: core.state})
    with st.container(horizontal=True):
        asked = [name for name in servers if st.button(f"Look in {name}", icon=":material/search:", key=f"biggest-{name}")]
    if not asked:
        st.caption("A walk of at most 20 000 keys and 1.5 s. Names of keys with people's data are not shown.")
        return
    try:
        found = biggest(servers[asked[0]]())
    except CacheUnavailable as error:
        st.error(f"{asked[0]} cannot be asked now: {plain(str(error))}.", icon=":material/cloud_off:")
        return
    rows = [{"key": key.name, "key family": family_label(key.family), "size": numbers.size(key.size_bytes)} for key in found.keys]
    if rows:
        table.show(rows, key=f"biggest-of-{asked[0]}", alt=f"The biggest keys of {asked[0]}")
    read = f"{numbers.count(found.read)} keys of {asked[0]} were read"
    st.caption(f"{read}: all there are." if found.complete else f"{read} in the time there was; there are more.")
