"""Keyset pages by an instant of one's own, such as what is due: by that key, then by number."""

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


@dataclass(frozen=True)
class Page:
    """(fact, Customer or None) in order, and the key of the next page."""

    rows: Sequence[Any]
    next: str | None


def page(session: Session, statement: Select[Any], key: Any, number: Any, *, soonest: bool, after: str, limit: int) -> Page:
    """One page of a statement over a fact and its customer, by `key` (an instant, never null) and the fact's `number`:
    `soonest` first, else newest first. Raises BadRequest for a page key that is none.
    """
    if after:
        place, edge = tuple_(key, number), tuple_(*(literal(part) for part in _read(after)))
        statement = statement.where(place > edge if soonest else place < edge)
    order = (key, number) if soonest else (key.desc(), number.desc())
    found = session.execute(statement.add_columns(key.label("key")).order_by(*order).limit(limit + 1)).all()
    rows = found[:limit]
    return Page([(row[0], row[1]) for row in rows], _write(rows[-1]) if len(found) > limit else None)


def _write(row: Any) -> str:
    text = json.dumps([row.key.isoformat(), row[0].id])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(key: str) -> tuple[dt.datetime, int]:
    try:
        at, number = json.loads(base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)))
        return dt.datetime.fromisoformat(at), int(number)
    except (ValueError, TypeError, binascii.Error):
        raise BadRequest(N_("This page key does not belong to this list. Begin again with the first page.")) from None
