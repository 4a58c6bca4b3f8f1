"""Rows and records of log-ins as the Session and Device that callers see."""

from datetime import UTC, datetime

from ...model.session import Device, LoginRow, Session


def member_of(row: LoginRow) -> str:
    return f"{row.login.hex()} {row.device}"


def device_of(member: str, expiry_ms: int) -> Device:
    handle, _, device = member.partition(" ")
    expires = datetime.fromtimestamp(expiry_ms / 1000, UTC)
    return Device(handle, device, None, None, expires)


def from_row(row: LoginRow, *, token: str | None = None, degraded: bool = False) -> Session:
    return Session(
        valid=True,
        token=token,
        user_id=row.user_id,
        handle=row.login.hex(),
        device=row.device,
        created_at=row.created_at,
        expires_at=row.expires_at,
        degraded=degraded,
    )


def from_record(record: dict[str, str]) -> Session:
    return Session(
        valid=True,
        user_id=record["u"],
        handle=record["f"],
        device=record["d"],
        created_at=datetime.fromisoformat(record["c"]),
        expires_at=datetime.fromisoformat(record["e"]),
    )
