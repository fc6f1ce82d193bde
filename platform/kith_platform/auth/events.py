"""What happened about signing in, outside any company: rows of security_event."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from kith_platform.audit.service import origin
from kith_platform.auth.models import SecurityEvent


def note(session: Session, kind: str, identity_id: int | None = None, *, user_agent: str = "", **detail: Any) -> None:
    """Add one row, through the auth door. `detail` holds no password, code or link."""
    where = origin.get()
    session.add(
        SecurityEvent(
            kind=kind,
            identity_id=identity_id,
            address=where.address if where else "",
            user_agent=user_agent[:400],
            detail=detail,
        )
    )
