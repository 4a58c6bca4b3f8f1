"""The limiter: every limit of a call tested and charged in one round trip, with an honest answer when Redis is away."""

import struct
import time
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

from ...calc.breaker import Breaker, BreakerPolicy
from ...drivers.redis_faults import PASSING
from ...drivers.redis_scripts import RedisScripts, ScriptFault
from ...drivers.redis_wire import Script, bulk
from ...errors import InvalidIdentifier, InvalidLimit
from ...model.limit import Decision, Limit, LimitState
from ...outage_note import OutageNote
from .local import LocalLimits
from .named import named
from .wire import MOST_LIMITS, Keys, Plan, decide, from_states, keys_of, plan, request_suffix, stem, told_name

CHECK = Script(__package__, "check_limits")
RESET = Script(__package__, "reset_limits")
#: How many keys a call has, as the protocol writes it: one per limit, and the memory of a request.
_COUNTS = [bulk(b"%d" % count) for count in range(MOST_LIMITS + 2)]
#: When the server is left alone: after so many faults in a row, but for one probe per pause.
BREAKER = BreakerPolicy(failures=3, ratio=1.0, open_s=0.5, longest_s=0.5)
#: Plans kept: one per set of limits and cost in use.
MOST_PLANS = 1024


class Limiter:
    """`check`, `peek` and `reset`, on one state server. Thread-safe.

    Deadline `deadline_s` in all; nothing is repeated. `workers` processes share a limit while Redis is away. `on_event`
    hears of `limit_denied`, `limit_degraded` and `limit_would_deny`, and of what happened to which limit
    (`limit_checked:<name>`, `limit_denied:<name>`, `limit_would_deny:<name>`). Looking charges nothing and counts
    nothing.
    """

    def __init__(
        self,
        client: Any,
        *,
        workers: int = 1,
        deadline_s: float = 0.05,
        lanes: int = 16,
        on_event: Callable[[str], None] | None = None,
        scripts: RedisScripts | None = None,
        script: Script = CHECK,
    ) -> None:
        self._scripts = scripts or RedisScripts(client, deadline_s=deadline_s, lanes=lanes)
        self._check = script
        self._tagged = self._scripts.is_cluster
        self._plans: dict[tuple[tuple[Limit, ...], int], Plan] = {}
        self._local = LocalLimits(workers, _now_us)
        self._breaker = Breaker(BREAKER)
        self._outage = OutageNote("limits", "the server of limits", "each process counts by itself, its share of every limit")
        self._on_event = on_event or (lambda _name: None)
        #: The kill switch: while False every call is allowed and says `mode="off"`.
        self.enabled = True

    def check(self, subject: str, limits: Sequence[Limit], cost: int = 1, request_id: str | None = None) -> Decision:
        """Charge `cost` to every limit if all admit it, to none otherwise. A denied call costs nothing.

        With a `request_id`, repeating the call (within the longest window, at least 1 minute, at most 1 hour) gives the
        first answer again and charges nothing. Raises InvalidLimit or InvalidIdentifier (ValueErrors) for arguments
        that cannot mean anything; faults of the server never raise, they make a `degraded` decision.
        """
        return self._decide(subject, limits, cost, request_id, charge=True)

    def peek(self, subject: str, limits: Sequence[Limit], cost: int = 1) -> Decision:
        """What `check` would answer now; charges nothing."""
        return self._decide(subject, limits, cost, None, charge=False)

    def check_named(self, name: str, identifier: str = "", cost: int = 1, request_id: str | None = None) -> Decision:
        """`check` by a row of the table in `limits/named.py`."""
        subject, limits = named(name, identifier)
        return self.check(subject, limits, cost, request_id)

    def reset(self, subject: str, limits: Sequence[Limit]) -> bool:
        """Forget what these limits counted for the subject. False when the server could not be asked."""
        chosen = self._plan(limits, 1)
        keys = [key.encode() for key in self._keys(subject, chosen).names]
        try:
            for group in ([key] for key in keys) if self._tagged else [keys]:
                self._scripts.run(RESET, group, ())
        except ScriptFault:
            return False
        return True

    def close(self) -> None:
        """Give connections back."""
        self._scripts.close()

    # --- inside ---

    def _decide(self, subject: str, limits: Sequence[Limit], cost: int, request_id: str | None, *, charge: bool) -> Decision:
        chosen = self._plan(limits, cost)
        keys = self._keys(subject, chosen)
        if not self.enabled:
            return _switched_off(chosen)
        request = "" if request_id is None else stem(subject, self._tagged) + request_suffix(request_id, chosen)
        if not self._breaker.allow(perf_counter()):
            return self._degraded(chosen, keys, "paused", charge=charge)
        try:
            if self._tagged and any(own not in {None, subject} for own in chosen.subjects):
                decision = self._in_two_phases(subject, chosen, request_id, charge=charge)
            else:
                decision = self._ask(chosen, keys, request, charge=charge)
        except ScriptFault as fault:
            if fault.reason not in PASSING:
                self._breaker.failure(perf_counter())
                if not self._breaker.closed:
                    self._outage.begin(fault.reason)
            return self._degraded(chosen, keys, fault.reason, charge=charge)
        self._breaker.success(perf_counter())
        if self._outage.on and self._breaker.closed:
            self._outage.end()
        if charge and not decision.replayed:
            self._count(chosen, decision)
        return decision

    def _count(self, chosen: Plan, decision: Decision) -> None:
        """Tell what happened to the limits of a call that was charged, or refused."""
        for event in chosen.counted:
            self._on_event(event)
        if not decision.allowed:
            self._on_event("limit_denied")
            self._on_event(f"limit_denied:{told_name(decision.limit)}")
        if decision.would_deny:
            self._on_event("limit_would_deny")
            for name in sorted({told_name(s.limit) for s in decision.states if s.limit.shadow and s.retry_after_us}):
                self._on_event(f"limit_would_deny:{name}")

    def _plan(self, limits: Sequence[Limit], cost: int) -> Plan:
        try:
            key = (tuple(limits), cost)
            if type(cost) is int and (found := self._plans.get(key)):
                return found
        except TypeError:
            raise InvalidLimit("limits is a list of Limit") from None
        made = plan(key[0], cost)
        if len(self._plans) >= MOST_PLANS:
            self._plans.clear()
        self._plans[key] = made
        return made

    def _keys(self, subject: str, chosen: Plan) -> Keys:
        try:
            return keys_of(subject, chosen, self._tagged)
        except TypeError:
            raise InvalidIdentifier("a subject is a text") from None

    def _ask(self, chosen: Plan, keys: Keys, request: str, *, charge: bool) -> Decision:
        nonce = self._scripts.nonce()
        count, packed = len(keys.names), keys.packed
        if request:
            count, packed = count + 1, packed + bulk(request.encode())
        tail = b"%b%b%b%b" % (_COUNTS[count], packed, bulk(nonce), chosen.charging if charge else chosen.looking)
        reply = self._scripts.run_packed(self._check, 3 + count, tail, nonce)
        try:
            return decide(chosen, reply[len(nonce) :], charging=charge)
        except (struct.error, TypeError):
            raise ScriptFault("bad_memory", sent=False) from None

    def _in_two_phases(self, subject: str, chosen: Plan, request_id: str | None, *, charge: bool) -> Decision:
        """A cluster, subjects in different slots: look at all first, then charge each by itself.

        Not atomic: between the two, others may spend, and then some limits are charged for a call that is denied. It
        errs towards denial only.
        """
        groups: dict[str, list[Limit]] = {}
        for limit in chosen.limits:
            groups.setdefault(limit.subject or subject, []).append(limit)
        said: list[Decision] = []
        told: dict[Limit, LimitState] = {}
        for phase in (False, True) if charge else (False,):
            said = []
            for own, limits in groups.items():
                part = self._plan(limits, chosen.cost)
                wanted = stem(own, True) + request_suffix(request_id, chosen) if request_id is not None and phase else ""
                said.append(self._ask(part, self._keys(own, part), wanted, charge=phase))
                told.update(zip(limits, said[-1].states, strict=True))
            if not all(one.allowed for one in said):
                break
        states = tuple(told[limit] for limit in chosen.limits)
        allowed = all(one.allowed for one in said)
        replayed = bool(said) and all(one.replayed for one in said)
        return from_states(allowed, max(one.at_us for one in said), states, replayed=replayed)._replace(mode="two_phase")

    def _degraded(self, chosen: Plan, keys: Keys, reason: str, *, charge: bool) -> Decision:
        allowed, now, states = self._local.check(chosen, keys.names, charge=charge)
        decision = from_states(allowed, now, states)._replace(degraded=True, mode="local", reason=reason)
        if charge:
            self._on_event("limit_degraded")
            self._count(chosen, decision)
        return decision


#: The local limiter's clock shows the machine's time but never steps: a step back would hold hits for as long.
_BEGAN_US = (time.time_ns() - time.monotonic_ns()) // 1000


def _now_us() -> int:
    return _BEGAN_US + time.monotonic_ns() // 1000


def _switched_off(chosen: Plan) -> Decision:
    now = time.time_ns() // 1000
    return from_states(True, now, tuple(LimitState(limit, limit.amount, 0, now) for limit in chosen.limits))._replace(mode="off")
