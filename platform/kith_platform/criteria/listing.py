"""Records of success criteria as documents, for programs and the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from kith_platform.criteria.models import SuccessCriterion
from kith_platform.customers.service import owners

SHOWN = (
    "public_id",
    "key",
    "grain",
    "unit",
    "state",
    "version",
    "baseline",
    "baseline_month",
    "baseline_reason",
    "target",
    "due_on",
    "initiative",
    "note",
    "made_at",
    "signed_at",
    "ended_at",
    "ended_reason",
)


def documents(session: Session, rows: Sequence[SuccessCriterion]) -> list[dict[str, Any]]:
    """The rows with the names of their people, read at once."""
    people = owners(session, [member for row in rows for member in (row.owner_id, row.signed_by)]) if rows else {}
    return [
        {name: getattr(row, name) for name in SHOWN}
        | {
            "owner": people[row.owner_id][0] if row.owner_id in people else None,
            "owner_name": people[row.owner_id][1] if row.owner_id in people else "",
            "signed_by": people[row.signed_by][1] if row.signed_by in people else "",
        }
        for row in rows
    ]
