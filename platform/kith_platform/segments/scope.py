"""For which company and day rules are compiled to SQL, and which customers count at all."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_

from kith_platform.customers.models import Customer
from kith_platform.facts.catalogue import FactCatalogue


@dataclass(frozen=True)
class Scope:
    """For which company and day a rule is compiled. `segments` are ids by public id.

    `who` is the id a condition is about: Customer.id, or a column of ids that another set gives (`compile_sql.members`).
    """

    today: dt.date
    currency: str
    timezone: str
    facts: FactCatalogue
    segments: Mapping[uuid.UUID, int]
    who: ColumnElement[Any] | None = None

    @property
    def id(self) -> ColumnElement[Any]:
        return Customer.id if self.who is None else self.who  # type: ignore[return-value]


def living() -> ColumnElement[bool]:
    """Customers that count: not merged into another, not for tests."""
    return and_(Customer.merged_into.is_(None), Customer.is_test.is_(False))
