"""Contacts with a lead or about an opportunity: activities that people write down, and those there are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from kith_platform.customers.models import Customer
from kith_platform.errors import FieldError, Invalid
from kith_platform.facts import entering
from kith_platform.facts.contact import ACTIVITY
from kith_platform.facts.models import Activity
from kith_platform.i18n import N_
from kith_platform.opportunities import reps
from kith_platform.opportunities.service import too_long
from kith_tenants.context import Actor

KINDS = ("call", "mail", "meeting", "visit", "chat", "note", "task")
WITH_PEOPLE = frozenset(KINDS) - {"note", "task"}  # a note is no contact
SHOWN, LONGEST = 50, 500


def log(session: Session, actor: Actor, given: Mapping[str, Any], *, customer: Customer | None, **about: Any) -> Any:
    """Write down a contact by the actor: `kind`, `direction` (out), `subject`, `outcome`, `started_at` (now).

    `about` names the `lead` or the `opportunity`. Raises Invalid with an error per field.
    """
    kind = str(given.get("kind") or "")
    errors = [] if kind in KINDS else [FieldError("kind", N_("Choose one of the values of the list."))]
    errors += too_long(given, ("subject", "outcome"), LONGEST)
    if errors:
        raise Invalid(fields=errors)
    values: dict[str, Any] = {name: given.get(name) for name in ("kind", "subject", "outcome")}
    values["started_at"] = given.get("started_at") or dt.datetime.now(dt.UTC)
    values |= {"direction": given.get("direction") or "out", "captured": "manual", "rep": reps.own(session, actor) or None}
    if values["outcome"]:
        values["ended_at"] = values["started_at"]
    return entering.enter(session, actor, ACTIVITY, {**values, **about}, customer=customer)


def of(session: Session, *, lead: int | None = None, opportunity: int | None = None) -> Sequence[Any]:
    """The newest contacts of a lead or an opportunity, or of an opportunity and the lead it came from, newest first."""
    about = []
    if lead is not None:
        about.append(Activity.lead_id == lead)
    if opportunity is not None:
        about.append(Activity.opportunity_id == opportunity)
    newest = select(Activity).where(or_(*about)).order_by(Activity.occurred_at.desc(), Activity.id.desc()).limit(SHOWN)
    return session.execute(newest).scalars().all()
