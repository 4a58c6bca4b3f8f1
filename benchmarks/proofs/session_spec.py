"""What sessions must do, in sequence: the short specification that concurrent histories are searched against.

A state maps each log-in to (alive, number of its current token); one user. Tokens are named (log-in, number) by the
order in which they were handed out; a rotation is named by its nonce. Idle and absolute expiry end a log-in like a
log-out, at an instant the history states.
"""

from typing import Any, NamedTuple


class State(NamedTuple):
    """Log-ins as (name, alive, current token, token before it, nonce of the last rotation), sorted by name."""

    logins: tuple[tuple[str, bool, str, str, str], ...] = ()

    def with_login(self, login: tuple[str, bool, str, str, str]) -> "State":
        """The state with this log-in added or replaced."""
        return State(tuple(sorted([*(x for x in self.logins if x[0] != login[0]), login])))


def step(state: State, asked: tuple[Any, ...], answered: Any) -> list[State]:
    """States after an operation that gave this answer; empty when the specification forbids the answer."""
    return list(_OPERATIONS[asked[0]](state, *asked[1:], answered))


def _login_of(state: State, name: str) -> "tuple[str, bool, str, str, str] | None":
    return next((login for login in state.logins if login[0] == name), None)


def _create(state: State, name: str, token: str) -> "list[State]":
    return [state.with_login((name, True, token, "", ""))] if _login_of(state, name) is None else []


def _verify(state: State, name: str, token: str, answered: bool) -> "list[State]":
    login = _login_of(state, name)
    if login is None or not login[1]:
        return [] if answered else [state]
    if token in {login[2], login[3]}:  # the current one is valid, the one before it is not, and no alarm within the grace time
        return [state] if answered == (token == login[2]) else []
    return [] if answered else [state.with_login((name, False, *login[2:]))]


def _rotate(state: State, name: str, token: str, nonce: str, answered: str) -> "list[State]":
    login = _login_of(state, name)
    if login is None or not login[1]:
        return [state] if answered in {"refused", "lost"} else []
    _, _, current, before, last_nonce = login
    if token == current:  # handed out: a new token (its text is the answer), or nobody ever saw it
        if answered in {"refused", "reuse"}:
            return []
        return [state.with_login((name, True, f"after:{token}:{nonce}" if answered == "lost" else answered, token, nonce))]
    if token == before and nonce and nonce == last_nonce:
        if answered == "lost":
            return [state]
        if current == f"after:{token}:{nonce}":  # the lost reply told now: this was its text
            return [] if answered in {"refused", "reuse"} else [state.with_login((name, True, answered, before, last_nonce))]
        return [state] if answered == current else []
    return [state.with_login((name, False, current, before, last_nonce))] if answered in {"reuse", "lost"} else []


def _revoke(state: State, name: str, answered: int) -> "list[State]":
    login = _login_of(state, name)
    if login is None or not login[1]:
        return [state] if answered in {0, -1} else []
    return [state.with_login((name, False, *login[2:]))] if answered in {1, -1} else []


def _revoke_all(state: State, answered: int) -> "list[State]":
    alive = [login for login in state.logins if login[1]]
    return [State(tuple((name, False, *rest) for name, _, *rest in state.logins))] if answered in {len(alive), -1} else []  # type: ignore[misc]


def _lose_redis(state: State, _answered: object) -> "list[State]":
    return [state]


_OPERATIONS = {
    "create": _create,
    "verify": _verify,
    "rotate": _rotate,
    "revoke": _revoke,
    "expire": _revoke,
    "revoke_all": _revoke_all,
    "lose_redis": _lose_redis,
}
