"""The page on which a customer is erased: it says what will be gone first."""

from __future__ import annotations

import uuid

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kith_platform.auth.edge import current_actor, current_db, runtime
from kith_platform.auth.gate import requires
from kith_platform.customers import erasure, service

pages = Blueprint("customer_erasure", __name__, url_prefix="/c/<slug>/customers")


@pages.get("/<uuid:public_id>/erase")
@requires("customers:erase")
def show(slug: str, public_id: uuid.UUID) -> str:
    """What will be gone, what will stay, and the button."""
    session = current_db()
    customer = service.get(session, current_actor(), public_id)
    records = service.records(session, customer.id)
    held = erasure.held(session, customer, runtime().facts)
    return render_template("customers/erase.html", slug=slug, customer=customer, records=records, held=held)


@pages.post("/<uuid:public_id>/erase")
@requires("customers:erase")
def erase(slug: str, public_id: uuid.UUID) -> AnyResponse:
    """Erase the customer."""
    session, actor = current_db(), current_actor()
    erasure.erase(session, actor, service.get(session, actor, public_id), runtime().facts)
    flash(gettext("The customer is erased. Files made of the company's data are being rewritten without them."), "good")
    return redirect(url_for("customers.index", slug=slug))
