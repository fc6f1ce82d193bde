"""Keyset pages of facts, newest first: by the time they happened, then by number."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, literal, tuple_
from sqlalchemy.orm import Session

from kith_platform.errors import BadRequest
from kith_platform.i18n import N_

PAGE = 50
COUNTED = 10_000  # counts are exact up to here


@dataclass(frozen=True)
class Page:
    """Rows in order. `next` and `previous` are keys of the neighbouring pages; None at the ends."""

    rows: Sequence[Any]
    next: str | None
    previous: str | None


def page(
    session: Session, statement: Select[Any], at: Any, number: Any, *, after: str = "", before: str = "", limit: int = PAGE
) -> Page:
    """One page of a statement whose first column is a fact, ordered by its columns `at` and `number`, newest first.

    Rows added meanwhile neither repeat nor hide others. Raises BadRequest for a page key that is none.
    """
    back = bool(before) and not after
    key = _read(after or before)
    if key is not None:
        place, edge = tuple_(at, number), tuple_(literal(key[0]), literal(key[1]))
        statement = statement.where(place > edge if back else place < edge)
    statement = statement.order_by(at.asc() if back else at.desc(), number.asc() if back else number.desc())
    found = session.execute(statement.limit(limit + 1)).all()
    more, rows = len(found) > limit, list(found[:limit])
    if back:
        rows.reverse()
    further = bool(rows) and (more or back)
    former = bool(rows) and (more if back else key is not None)
    return Page(rows, _write(rows[-1][0]) if further else None, _write(rows[0][0]) if former else None)


def _write(row: Any) -> str:
    text = json.dumps([row.occurred_at.isoformat(), row.id])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(key: str) -> tuple[dt.datetime, int] | None:
    if not key:
        return None
    try:
        at, number = json.loads(base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)))
        return dt.datetime.fromisoformat(at), int(number)
    except (ValueError, TypeError, binascii.Error):
        raise BadRequest(N_("This page key does not belong to this list. Begin again with the first page.")) from None
