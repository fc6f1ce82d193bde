"""What of a customer's own attributes a person may see: sensitive values only with the right to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.attributes.service import LISTED, SEE
from kith_platform.customers.models import Attribute
from kith_tenants.context import Actor


@dataclass(frozen=True)
class Shown:
    """An attribute on lists and pages. Values of a `hidden` one are not for who asks."""

    key: str
    label: str
    kind: str
    hidden: bool

    @property
    def listed(self) -> str:
        """Its name among the columns of the customer list."""
        return LISTED + self.key

    def of(self, attributes: Mapping[str, Any]) -> Any:
        """The customer's value; None where there is none, or it is hidden."""
        return None if self.hidden else attributes.get(self.key)


def shown(session: Session, actor: Actor) -> list[Shown]:
    """The company's attributes by label, as the actor sees them."""
    rows = session.execute(
        select(Attribute.key, Attribute.label, Attribute.kind, Attribute.sensitive).order_by(Attribute.label, Attribute.key)
    )
    return [Shown(key, label, kind, sensitive and not actor.can(SEE)) for key, label, kind, sensitive in rows]


def hidden(session: Session, actor: Actor) -> frozenset[str]:
    """Keys of the attributes whose values the actor may not see."""
    if actor.can(SEE):
        return frozenset()
    return frozenset(session.execute(select(Attribute.key).where(Attribute.sensitive)).scalars())


def hidden_columns(session: Session, actor: Actor) -> frozenset[str]:
    """Names of the columns that feed attributes whose values the actor may not see, whatever the source."""
    if actor.can(SEE):
        return frozenset()
    kept = session.execute(select(Attribute.columns).where(Attribute.sensitive)).scalars()
    return frozenset(one["column"] for columns in kept for one in columns)
