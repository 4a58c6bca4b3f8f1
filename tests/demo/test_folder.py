"""The data folder: one owner, secrets, notes for the next run."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from demo.folder import DataFolder
from prosepolish_core.errors import StartupError


def test_a_folder_has_one_owner_at_a_time(tmp_path: Path) -> None:
    """The second is told who holds it and what to do; after the first has gone it may."""
    with DataFolder(tmp_path / "data"), pytest.raises(StartupError, match=f"process {os.getpid()}.*--data-dir"):
        DataFolder(tmp_path / "data").__enter__()

    with DataFolder(tmp_path / "data") as again:
        assert again.path.is_dir()


def test_a_killed_owner_holds_nothing(tmp_path: Path) -> None:
    """The lock goes with the process, however it ended."""
    code = f"import os; from pathlib import Path; from demo.folder import DataFolder\nDataFolder(Path({str(tmp_path)!r})).__enter__(); os.kill(os.getpid(), 9)"
    ended = subprocess.run([sys.executable, "-c", code], check=False)

    with DataFolder(tmp_path) as folder:
        assert ended.returncode == -9
        assert (folder.path / "lock").read_text() == str(os.getpid())


def test_secrets_are_made_once_and_closed_to_others(tmp_path: Path) -> None:
    """Passwords and pepper stay the same from run to run, in a file only the owner can read."""
    with DataFolder(tmp_path) as folder:
        first = folder.secrets()
        assert folder.secrets() == first

    assert set(first) == {"postgres", "valkey", "pepper"}
    assert min(len(secret) for secret in first.values()) >= 32
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_lost_secrets_beside_kept_data_are_told(tmp_path: Path) -> None:
    """A new password would not open the old data; that is said instead."""
    with DataFolder(tmp_path) as folder:
        (tmp_path / "postgres").mkdir()
        (tmp_path / "postgres" / "PG_VERSION").write_text("18")

        with pytest.raises(StartupError, match=r"secrets\.json is lost"):
            folder.secrets()


@pytest.mark.parametrize("text", ["", "{", "[1]", '[{"pid": "7"}]', '{"pid": 7}'])
def test_notes_that_cannot_be_read_are_no_notes(tmp_path: Path, text: str) -> None:
    """A half-written list of children stops nobody."""
    with DataFolder(tmp_path) as folder:
        (tmp_path / "run.json").write_text(text)

        assert folder.remembered() == []


def test_children_are_remembered(tmp_path: Path) -> None:
    """What is noted is found again."""
    with DataFolder(tmp_path) as folder:
        folder.remember([("traffic", 12, 3.5, 15)])

        assert folder.remembered() == [{"name": "traffic", "pid": 12, "born": 3.5, "stop": 15}]


def test_a_path_that_cannot_be_a_folder_is_one_sentence(tmp_path: Path) -> None:
    """A file in the way is told with the fix."""
    (tmp_path / "file").write_text("")

    with pytest.raises(StartupError, match=r"cannot be used.*--data-dir"):
        DataFolder(tmp_path / "file" / "data").__enter__()


@pytest.mark.parametrize(("size", "said"), [("16k", "disk is full"), ("20m", "MB are free")])
def test_a_full_disk_is_one_sentence(tmp_path: Path, size: str, said: str) -> None:
    """A real, tiny file system: no room to write at all, or too little to work with."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(tmp_path)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        if size == "16k":
            with pytest.raises(OSError, match="space"):
                (tmp_path / "filler").write_bytes(b"x" * 65_536)
        with pytest.raises(StartupError, match=f"{said}.*--data-dir"):
            DataFolder(tmp_path).__enter__()
    finally:
        subprocess.run(["umount", "-l", str(tmp_path)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_root_does_not_take_over_the_folder_of_another_user(tmp_path: Path) -> None:
    """What root would leave in it could not be read by its owner afterwards:
    it is told whose it is, and nothing is changed.
    """
    data = tmp_path / "data"
    data.mkdir()
    os.chown(data, 65534, -1)

    with pytest.raises(StartupError, match="belongs to the user nobody; run `prosepolish up` as that user, or choose another"):
        DataFolder(data).__enter__()

    assert list(data.iterdir()) == []
