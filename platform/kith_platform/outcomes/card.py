"""What is open with one customer: tickets, commitments and goals, for the card on the customer's page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from kith_platform.commitments import service as commitments
from kith_platform.outcomes import service as outcomes
from kith_platform.tickets import clock
from kith_platform.tickets import listing as tickets
from kith_tenants.context import Actor

SHOWN = 5  # of each


@dataclass(frozen=True)
class Card:
    """(ticket, how it stands), commitments, (goal, share of the way gone). None of what the actor may not see."""

    tickets: Sequence[tuple[Any, clock.Standing]]
    commitments: Sequence[Any]
    goals: Sequence[tuple[Any, Any]]


def of_customer(session: Session, actor: Actor, record_ids: Sequence[int]) -> Card:
    """Of a customer whom the actor may see: the unsolved and open first."""
    now, may = dt.datetime.now(dt.UTC), actor.can("success:read")
    asked = tickets.of_customer(session, record_ids, SHOWN) if actor.can("tickets:read") else []
    goals = outcomes.of_records(session, record_ids, SHOWN) if may else []
    return Card(
        [(row, clock.standing(row, now)) for row in asked],
        commitments.of_records(session, record_ids, SHOWN) if may else [],
        [(row, outcomes.reached(row)) for row in goals],
    )
