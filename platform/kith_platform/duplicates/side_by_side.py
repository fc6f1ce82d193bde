"""Two customers beside one another: every field either shows, what it brings, and whether they agree."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from kith_platform.attributes.kinds import BY_HAND
from kith_platform.customers import figures
from kith_platform.customers.models import Customer
from kith_platform.duplicates.service import Candidate
from kith_platform.facts.models import CustomerRecord

RECORD: Table = CustomerRecord.__table__
_PLAIN = ("address", "city", "region", "postcode", "country", "birth_year", "gender")


@dataclass(frozen=True)
class Side:
    """One of the two: what its records say per field, where it comes from, and what it brings."""

    customer: Customer
    said: dict[str, str]
    sources: tuple[str, ...]
    figures: Any


@dataclass(frozen=True)
class Pair:
    """A candidate as the page shows it. `fields` are those that either side says something of."""

    candidate: Candidate
    left: Side
    right: Side
    fields: tuple[str, ...]

    def agree(self, field: str) -> bool:
        return self.left.said.get(field, "") == self.right.said.get(field, "")


def pairs(session: Session, candidates: Sequence[Candidate], secret: Collection[str] = ()) -> list[Pair]:
    """The candidates with what is needed to judge them, read for all at once; without the `secret` columns of files."""
    ids = {side.id for one in candidates for side in (one.left, one.right)}
    rows: dict[int, list[Any]] = {}
    statement = select(CustomerRecord).where(RECORD.c.customer_id.in_(ids)).order_by(RECORD.c.id)
    for row in session.execute(statement).scalars():
        rows.setdefault(row.customer_id, []).append(row)
    known = figures.of_customers(session, sorted(ids)) if ids else {}

    def side(customer: Customer) -> Side:
        records = rows.get(customer.id, [])
        said = {name: getattr(customer, name) for name in ("name", "email", "phone")}
        for name in _PLAIN:
            said[name] = next((str(value) for row in reversed(records) if (value := getattr(row, name))), "")
        for row in records:
            said |= {
                key: str(value)
                for key, value in (row.raw or {}).items()
                if value and key not in (*said, *secret) and not key.startswith(BY_HAND)
            }
        sources = tuple(f"{row.source} · {row.external_id}" if row.source != "kith" else "kith" for row in records)
        return Side(customer, {key: value for key, value in said.items() if value}, sources, known.get(customer.id, figures.NONE))

    found = []
    for one in candidates:
        left, right = side(one.left), side(one.right)
        found.append(Pair(one, left, right, tuple(dict.fromkeys([*left.said, *right.said]))))
    return found
