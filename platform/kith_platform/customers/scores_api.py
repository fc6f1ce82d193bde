"""Scores for programs: `/api/v1/scores`."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from kith_platform.attributes import features as attributes
from kith_platform.auth.edge import current_actor, current_db, current_tenant, runtime
from kith_platform.auth.gate import requires
from kith_platform.customers import listing
from kith_platform.modules import service as modules
from kith_platform.predict import scores, sentences
from kith_platform.predict import service as predict
from kith_platform.predict.schemas import ScorePageSchema, ScoreQuerySchema
from kith_platform.web.locale import language

api = Blueprint("scores_api", __name__, url_prefix="/scores", description="Scores: what the models say of each customer")


@api.route("")
class Scores(MethodView):
    @requires("models:read")
    @api.arguments(ScoreQuerySchema, location="query")
    @api.response(200, ScorePageSchema)
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """A model's scores of the customers the caller may see, the highest first."""
        session, held, model = current_db(), runtime(), asked["model"]
        known = predict.tasks(session, held.plugins)
        task = predict.task_of(model, known)
        page = listing.page(session, current_actor(), sort=f"-{model}", after=asked["after"], limit=asked["limit"], scored=known)
        found = scores.of_customers(session, [row.id for row in page.customers])
        on = modules.enabled(session, held.plugins)
        features = sentences.features(one for _plugin, one in held.plugins.brought("feature_sets", on))
        features |= attributes.known(session, current_actor())
        rows = []
        for customer in page.customers:
            score = found[customer.id][model]
            words = sentences.reasons(task, score.reasons, features, language(), current_tenant().currency)
            plain = {name: getattr(score, name) for name in ("value", "tier", "as_of", "version", "extra", "reasons")}
            rows.append({**plain, "customer": customer.public_id, "words": words.sentences})
        return {"scores": rows, "next": page.next}
