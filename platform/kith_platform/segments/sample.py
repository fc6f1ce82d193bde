"""The fixed sample of one customer in a hundred, by which counts over facts are estimated while a rule is being made."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kith_platform.customers.models import Customer
from kith_platform.segments.compile_sql import living
from kith_platform.segments.models import SegmentSample

ONE_IN = 100
SMALL = 10_000  # a company with fewer customers is counted whole


def keep(session: Session) -> int:
    """Bring the sample up to the customers there are, writing only differences; how many are in it."""
    wanted = select(Customer.id).where(living(), _chosen())
    session.execute(delete(SegmentSample).where(SegmentSample.customer_id.not_in(wanted)))
    session.execute(insert(SegmentSample).from_select(["customer_id"], wanted).on_conflict_do_nothing())
    return session.execute(select(func.count()).select_from(SegmentSample)).scalar_one()


def ids() -> Select[Any]:
    """Ids of the sampled customers."""
    return select(SegmentSample.customer_id)


def _chosen() -> ColumnElement[bool]:
    """By a hash of the id, so that the same customers are in it whenever it is drawn (Knuth's multiplicative hash)."""
    mixed = Customer.id % 2**31 * 2654435761 % 2**32
    return mixed // 2**16 % ONE_IN == 0
