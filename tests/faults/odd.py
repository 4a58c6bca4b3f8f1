"""Every public call of the Core with arguments that mean something,
and values that may mean nothing in any place of them.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from prosepolish_core import Core, Limit

Arguments = Mapping[str, Any]


class Call(NamedTuple):
    """A method by its path from the Core, and arguments it accepts."""

    path: str
    arguments: Arguments

    def __call__(self, core: Core, arguments: Arguments) -> Any:
        found: Any = core
        for name in self.path.split("."):
            found = getattr(found, name)
        return found(**arguments)


LIMITS = [Limit(10, per_s=60), Limit(5_000, per_s=3600, subject="everybody")]
CALLS = (
    Call("dictionary.lookup", {"word": "eloquent"}),
    Call("dictionary.lookup_many", {"words": ["a", "word"]}),
    Call("dictionary.invalidate", {"word": "eloquent"}),
    Call("corrector.correct", {"text": "Teh text.", "user_id": "u1"}),
    Call("profiles.get", {"user_id": "u1"}),
    Call("profiles.update", {"user_id": "u1", "changes": {"name": "A"}}),
    Call("profiles.invalidate", {"user_id": "u1"}),
    Call("preferences.get", {"user_id": "u1"}),
    Call("preferences.update", {"user_id": "u1", "changes": {"theme": "dark"}}),
    Call("limiter.check", {"subject": "user:u1", "limits": LIMITS, "cost": 1, "request_id": "r1"}),
    Call("limiter.peek", {"subject": "user:u1", "limits": LIMITS, "cost": 1}),
    Call("limiter.check_named", {"name": "llm", "identifier": "u1", "cost": 1, "request_id": "r1"}),
    Call("limiter.reset", {"subject": "user:u1", "limits": LIMITS}),
    Call("sessions.create", {"user_id": "u1", "device": "laptop"}),
    Call("sessions.register", {"user_id": "u1", "token": "a" * 20 + "." + "b" * 20 + "." + "c" * 20, "device": "laptop"}),
    Call("sessions.verify", {"token": "v1.x"}),
    Call("sessions.rotate", {"token": "v1.x", "nonce": "n1"}),
    Call("sessions.revoke", {"token": "v1.x"}),
    Call("sessions.revoke_device", {"user_id": "u1", "handle": "00" * 12}),
    Call("sessions.revoke_all", {"user_id": "u1"}),
    Call("sessions.devices", {"user_id": "u1"}),
    Call("cache.clear", {"family": "llm", "dry_run": True, "on_progress": None, "slice_": 500}),
    Call("health", {}),
)


#: What people and programs pass by mistake or on purpose: wrong types, nothing, too much, and text that is hardly text.
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, float("nan"), float("inf"), 2**70, -(2**70), 10**5000, 1j, b"bytes", bytearray(b"x"), object(), object,
    "", " ", "\x00", "a\x00b", "a\nb", "\x1b[31m", "\ud800", "a\udfffb", "\u202e", "é" * 300, "x" * 300, "x" * 2_000_000, "7:sessions",
    "*", "..", "%00", "{tag}", "v1." + "A" * 80, "a.b.c", "=" * 40 + ".x.y", "ü" * 40 + ".x.y",
    [], [None], [[]], [1, "a"], ["a"] * 2000, [b"x"], [Limit(1, per_s=1)] * 3, [Limit(1, per_s=1, subject="\ud800")], (), {}, {"a": object()},
    {1: "a"}, {"a": {"b": {1, 2}}}, {"a": "\ud800"}, {"\x00": 1}, {"a": 2**63}, {"a": float("nan")}, {"a": [b"x"]}, {"a": "x" * 100_000},
    {f"k{n}": n for n in range(300)}, {"a"}, frozenset(), range(3), iter(()), lambda: None, Limit(1, per_s=1), Limit, Exception("x"),
)  # fmt: skip


def spoilt(call: Call) -> Iterator[Arguments]:
    """The call's arguments with one of them replaced, each by each odd value;
    but for functions to be called, whose errors are theirs.
    """
    for name in call.arguments:
        for value in ODD:
            if not (name == "on_progress" and callable(value)):
                yield {**call.arguments, name: value}
