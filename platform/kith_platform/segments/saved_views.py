"""Saved views of the customer list: its filters, order and columns under a name, for oneself or for the company."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext
from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from kith_platform.auth.edge import current_actor, current_db
from kith_platform.auth.gate import requires
from kith_platform.errors import Invalid, NotFound
from kith_platform.i18n import N_
from kith_platform.segments.models import SavedView
from kith_tenants.context import Actor

pages = Blueprint("saved_views", __name__, url_prefix="/c/<slug>/customers/views")
NAME, QUERY = 60, 2_000
_KEY = re.compile(r"[a-z][a-z0-9_]{0,60}")
_PAGE_KEYS = ("after", "before")  # a view begins at its first page


def listed(session: Session, actor: Actor) -> Sequence[SavedView]:
    """The actor's own views and those shared with the company, by name."""
    seen = or_(SavedView.member_id == (actor.member_id or 0), SavedView.shared)
    return session.execute(select(SavedView).where(seen).order_by(SavedView.name, SavedView.id)).scalars().all()


def kept(query: str) -> str:
    """What of an address's query a view keeps. Raises Invalid where it is too long."""
    pairs = [(key, value) for key, value in parse_qsl(query) if _KEY.fullmatch(key) and key not in _PAGE_KEYS and value]
    text = urlencode(pairs)
    if len(text) > QUERY:
        raise Invalid(N_("This view has too many filters to be saved. Take some out."))
    return text


def save(session: Session, actor: Actor, name: str, query: str, *, shared: bool) -> None:
    """Keep a view under a name; the actor's own of that name is replaced. Raises Invalid."""
    name = name.strip()
    if not name or len(name) > NAME or actor.member_id is None:
        raise Invalid(N_("Give the view a name of at most %(most)s characters."), most=NAME)
    row = insert(SavedView).values(member_id=actor.member_id, name=name, query=kept(query), shared=shared)
    changed = {"query": row.excluded.query, "shared": row.excluded.shared}
    session.execute(row.on_conflict_do_update(index_elements=["tenant_id", "member_id", "name"], set_=changed))


def remove(session: Session, actor: Actor, public_id: uuid.UUID) -> SavedView:
    """Remove one of the actor's own views. Raises NotFound."""
    row = session.execute(select(SavedView).where(SavedView.public_id == public_id)).scalar_one_or_none()
    if row is None or row.member_id != actor.member_id:
        raise NotFound(N_("There is no view of yours here. It may have been removed, or it belongs to a colleague."))
    session.delete(row)
    return row


@pages.post("/")
@requires("customers:read")
def create(slug: str) -> AnyResponse:
    """Save the list as it is."""
    form: Any = request.form
    query = form.get("query", "")
    save(current_db(), current_actor(), form.get("name", ""), query, shared=form.get("shared") == "1")
    flash(gettext("The view is saved."), "good")
    return redirect(f"{url_for('customers.index', slug=slug)}?{kept(query)}")


@pages.post("/<uuid:public_id>/remove")
@requires("customers:read")
def drop(slug: str, public_id: uuid.UUID) -> AnyResponse:
    """Remove a view."""
    row = remove(current_db(), current_actor(), public_id)
    flash(gettext("The view %(name)s is removed.", name=row.name), "good")
    return redirect(url_for("customers.index", slug=slug))
