"""The fields that every customer of a company should have: they make up its completeness and validity."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kith_platform.audit.service import record
from kith_platform.errors import Invalid
from kith_platform.i18n import N_
from kith_platform.quality.fields import FIELDS, REQUIRED
from kith_platform.quality.models import QualityRequired
from kith_tenants.context import Actor


def required(session: Session) -> tuple[str, ...]:
    """The company's own choice, else REQUIRED; in the order of FIELDS."""
    chosen = session.execute(select(QualityRequired.fields)).scalar_one_or_none()
    return tuple(name for name in FIELDS if name in (REQUIRED if chosen is None else chosen))


def choose(session: Session, actor: Actor, fields: Sequence[str]) -> None:
    """Set the required fields and ask for a refresh. Raises Invalid without any, or for one that is none."""
    from kith_platform.refresh.service import ask_refresh

    wanted = [name for name in FIELDS if name in fields]
    if not wanted or len(wanted) != len(set(fields)):
        raise Invalid(N_("Choose at least one field, from: %(known)s."), known=", ".join(FIELDS))
    row = insert(QualityRequired).values(fields=wanted)
    session.execute(row.on_conflict_do_update(index_elements=["tenant_id"], set_={"fields": wanted, "changed_at": func.now()}))
    record(session, actor, "quality:required", "quality:required", {"fields": wanted})
    ask_refresh(session, asked_by=actor.member_id)
