"""Numbers come before figures, figures before tables, wherever they stand on the page."""

from streamlit.testing.v1 import AppTest


def _page() -> None:
    import streamlit as st

    from dashboard.components import numbers_first as later

    drawn: list[str] = st.session_state.setdefault("drawn", [])

    def draw(name: str) -> None:
        drawn.append(name)
        st.caption(name)

    with later.numbers_first(pause=False):
        later.place(lambda: draw("table"), 60, wave=1)
        later.place(lambda: draw("figure"), 60, wave=0)
        draw("number")
    later.place(lambda: draw("outside"), 60, wave=1)


def test_what_is_placed_keeps_its_place_and_waits_for_its_wave() -> None:
    """On the page the table stands first; in time it comes after number and figure.

    Outside, things are drawn at once.
    """
    at = AppTest.from_function(_page).run()

    assert not at.exception
    assert at.session_state["drawn"] == ["number", "figure", "table", "outside"]
    assert [caption.value for caption in at.caption] == ["table", "figure", "number", "outside"]
