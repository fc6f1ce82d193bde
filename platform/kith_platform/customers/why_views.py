"""What is typical of a customer's score, at a click: the piece of the 360 page for scores without stored reasons."""

from __future__ import annotations

import uuid

from flask import Blueprint, render_template

from kith_platform.attributes import features as own_features
from kith_platform.auth.edge import current_actor, current_db, current_tenant, runtime
from kith_platform.auth.gate import requires
from kith_platform.customers import service
from kith_platform.errors import NotFound
from kith_platform.i18n import N_
from kith_platform.modules import service as modules
from kith_platform.predict import explain, scores, sentences, serving
from kith_platform.predict import service as predict
from kith_platform.web.locale import language

pages = Blueprint("customer_why", __name__, url_prefix="/c/<slug>/customers")


@pages.get("/<uuid:public_id>/why/<task>")
@requires("models:read")
def show(slug: str, public_id: uuid.UUID, task: str) -> str:
    """The sentences. Raises NotFound for a customer without such a score."""
    session, actor, held = current_db(), current_actor(), runtime()
    customer = service.get(session, actor, public_id)
    known = serving.task_of(task, predict.tasks(session, held.plugins))
    score = scores.of_customers(session, [customer.id])[customer.id].get(known.key)
    if score is None:
        raise NotFound(N_("This customer has no such score."))
    found = score.reasons or explain.of_customer(held, session, current_tenant(), known, score)
    on = modules.enabled(session, held.plugins)
    features = sentences.features(one for _plugin, one in held.plugins.brought("feature_sets", on))
    features |= own_features.known(session, actor)
    told = sentences.reasons(known, found, features, language(), actor.currency) if found else None
    return render_template("customers/why.html", slug=slug, customer=customer, told=told)
