"""`prosepolish up`: what stops it before anything is started.

Each time one sentence with the fix, exit code 1, no traceback.
"""

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from demo.cli import up
from demo.embedded.ports import free_port
from demo.folder import DataFolder


def invoke(tmp_path: Path, *flags: str, **env: str) -> Result:
    """One call of the command with a data folder of its own."""
    return CliRunner().invoke(up, ["--data-dir", str(tmp_path / "data"), "--port", str(free_port()), *flags], env=env)


def test_a_taken_port_is_told_with_a_free_one(tmp_path: Path) -> None:
    """The message names the port and one to use instead."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = invoke(tmp_path, "--port", str(port))

    assert result.exit_code == 1
    assert f"port {port} is taken" in result.output
    assert "--port" in result.output


def test_a_second_up_on_the_same_data_is_told_what_to_do(tmp_path: Path) -> None:
    """The first keeps running; the second says who holds the data."""
    with DataFolder(tmp_path / "data"):
        result = invoke(tmp_path)

    assert result.exit_code == 1
    assert "another `prosepolish up`" in result.output
    assert "--data-dir" in result.output


def test_a_data_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    """A file in the way."""
    (tmp_path / "data").write_text("")

    result = invoke(tmp_path)

    assert result.exit_code == 1
    assert "cannot be used" in result.output
    assert "--data-dir" in result.output


@pytest.mark.parametrize(
    ("name", "address"),
    [("REDIS_URL", "redis://:hush@127.0.0.1:{port}/0"), ("DATABASE_URL", "postgresql://u:hush@127.0.0.1:{port}/x")],
)
def test_a_named_server_that_does_not_answer_is_told_without_its_address(tmp_path: Path, name: str, address: str) -> None:
    """The variable is named, its password is not shown, and everything started meanwhile is gone."""
    env = {
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "DATABASE_URL": "postgresql://127.0.0.1:1/x",
        "DICTIONARY_API_URL": "http://127.0.0.1:1",
    }
    env |= {"GEMINI_API_KEY": "hush"} | {name: address.format(port=free_port())}

    result = invoke(tmp_path, **env)

    assert result.exit_code == 1
    assert "does not answer" in result.output
    assert "unset" in result.output
    assert "hush" not in result.output


def test_a_wrong_setting_names_its_variable(tmp_path: Path) -> None:
    """The configuration is read before anything starts."""
    result = invoke(tmp_path, PROSEPOLISH_INTERVAL_S="often")

    assert result.exit_code == 1
    assert "PROSEPOLISH_INTERVAL_S" in result.output


def test_wrong_usage_is_exit_code_2(tmp_path: Path) -> None:
    """A port that is none is wrong usage."""
    assert invoke(tmp_path, "--port", "0").exit_code == 2
    assert invoke(tmp_path, "--rate", "-3").exit_code == 2


def test_help_names_every_option() -> None:
    """Each option of the contract is explained."""
    text = CliRunner().invoke(up, ["--help"]).output

    for option in ("--port", "--data-dir", "--no-traffic", "--rate", "--seed", "--speed", "--open / --no-open"):
        assert option in text


def test_a_file_that_cannot_be_read_is_a_sentence_too(tmp_path: Path) -> None:
    """Something in the data folder is not what it should be: no traceback, and the folder is named."""
    (tmp_path / "data" / "secrets.json").mkdir(parents=True)

    result = invoke(tmp_path)

    assert result.exit_code == 1
    assert f"the data folder {tmp_path / 'data'} cannot be used (is a directory)" in result.output
    assert isinstance(result.exception, SystemExit)
