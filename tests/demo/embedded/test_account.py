"""Under which account PostgreSQL runs."""

import os
import pwd
from pathlib import Path

import pytest

from demo.embedded.account import Account, choose, closed_to

NOBODY = Account("nobody", pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("nobody").pw_gid)


def test_an_ordinary_user_stays_who_he_is() -> None:
    """No account is looked for."""
    assert choose([Path("/")], effective_uid=1000) is None


def test_the_first_closed_folder_on_the_way_is_found(tmp_path: Path) -> None:
    """A folder without the right to pass is named; open ones are not."""
    inner = tmp_path / "closed" / "open"
    inner.mkdir(parents=True)
    (tmp_path / "closed").chmod(0o700)

    found = closed_to(inner, NOBODY)

    assert found is not None
    assert found in {tmp_path / "closed", *tmp_path.parents, tmp_path}
    assert closed_to(Path("/"), NOBODY) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs an account")
def test_root_gets_an_account_that_can_reach_the_folder() -> None:
    """Where everybody may pass, a plain account is enough; no namespace is used."""
    account = choose([Path("/usr/bin")])

    assert account is not None
    assert account.uid != 0
    assert not account.namespace
    assert account.owner == (account.uid, account.gid)
