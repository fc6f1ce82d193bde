"""Products as people type them: the number of the source or the whole name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from kith_platform.errors import FieldError, Invalid
from kith_platform.facts.models import Product
from kith_platform.i18n import N_

OFFERED = 200  # beyond these a form offers none to choose from; typing works for all


def find(session: Session, typed: object, field: str = "product") -> Any:
    """The product of that number or name; None for nothing typed. Raises Invalid where there is none, or more than one."""
    text = str(typed or "").strip()
    if not text:
        return None
    wanted = select(Product).where(or_(Product.external_id == text, Product.name == text)).limit(2)
    found = session.execute(wanted).scalars().all()
    numbered = [one for one in found if one.external_id == text]
    if len(numbered) == 1 or len(found) == 1:
        return (numbered or found)[0]
    words = (
        N_("Several products are called “%(value)s”. Give the product's number instead.")
        if found
        else N_("There is no product “%(value)s”. Give its number or its whole name, or leave this empty.")
    )
    raise Invalid(fields=[FieldError(field, words, {"value": text[:80]})])


def offered(session: Session) -> list[str]:
    """What a form offers: names of the first products, their numbers where they have none."""
    rows = session.execute(select(Product.name, Product.external_id).order_by(Product.id).limit(OFFERED))
    return sorted({name or external for name, external in rows}, key=str.casefold)


def names(session: Session, ids: Iterable[int | None]) -> dict[int, str]:
    """Names of products by id, their numbers where they have none."""
    wanted = {one for one in ids if one is not None}
    if not wanted:
        return {}
    rows = session.execute(select(Product.id, Product.name, Product.external_id).where(Product.id.in_(wanted)))
    return {number: name or external for number, name, external in rows}
