"""The programs beside the servers."""

from pathlib import Path

from demo import parts
from demo.options import Options
from demo.standins import StandIns

OPTIONS = Options(8600, Path("data"), rate=3.0, seed=9, speed=2.0)


def test_the_dashboard_listens_on_loopback_where_its_configuration_is() -> None:
    """It runs in the folder of app.py, on the port that was chosen, without a browser of its own."""
    part = parts.dashboard(OPTIONS, {}, Path("log"))
    words = list(part.argv)

    assert (part.cwd / "app.py").is_file()
    assert words[words.index("--server.port") + 1] == "8600"
    assert words[words.index("--server.address") + 1] == "127.0.0.1"
    assert words[words.index("--server.headless") + 1] == "true"


def test_choices_reach_the_programs() -> None:
    """Rate, seed and speed go where they are used."""
    assert {"3.0", "9"} <= set(parts.traffic(OPTIONS, {}, Path("log")).argv)
    assert {"2.0", "9", "71"} <= set(parts.stand_ins((71, 72, 73), OPTIONS, {}, Path("log")).argv)


def test_only_our_own_answers_count() -> None:
    """A path that answers 200 with data counts; an error and a closed port do not."""
    with StandIns(speed=1000) as up:
        port = int(up.control.url.rsplit(":", 1)[1])
        assert parts.answers(port, "/calls")
        assert not parts.answers(port, "/nowhere")

    assert not parts.answers(port, "/calls")
