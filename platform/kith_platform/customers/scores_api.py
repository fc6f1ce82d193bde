"""Scores for programs: `/api/v1/scores`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from kith_platform.attributes import features as attributes
from kith_platform.auth.edge import current_actor, current_db, current_tenant, runtime
from kith_platform.auth.gate import requires
from kith_platform.customers import listing
from kith_platform.errors import Forbidden
from kith_platform.leads import scored
from kith_platform.modules import service as modules
from kith_platform.predict import scores, sentences
from kith_platform.predict import service as predict
from kith_platform.predict.schemas import ScorePageSchema, ScoreQuerySchema
from kith_platform.predict.tasks import CUSTOMERS, Task
from kith_platform.web.locale import language

api = Blueprint("scores_api", __name__, url_prefix="/scores", description="Scores: what the models say of each customer")


@api.route("")
class Scores(MethodView):
    @requires("models:read")
    @api.arguments(ScoreQuerySchema, location="query")
    @api.response(200, ScorePageSchema)
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """A model's scores of the customers (leads, opportunities, invoices) the caller may see, the highest first."""
        session, held, model = current_db(), runtime(), asked["model"]
        known = predict.tasks(session, held.plugins)
        task = predict.task_of(model, known)
        told, following = self._page(task, known, asked)
        on = modules.enabled(session, held.plugins)
        features = sentences.features(one for _plugin, one in held.plugins.brought("feature_sets", on))
        features |= attributes.known(session, current_actor())
        rows = []
        for score, whose in told:
            words = sentences.reasons(task, score.reasons, features, language(), current_tenant().currency)
            plain = {name: getattr(score, name) for name in ("value", "tier", "as_of", "version", "extra", "reasons")}
            rows.append({**plain, **whose, "kind": task.kinds.code(score.extra) if task.kinds else "", "words": words.sentences})
        return {"scores": rows, "next": following}

    def _page(
        self, task: Task, known: Mapping[str, Task], asked: dict[str, Any]
    ) -> tuple[list[tuple[Any, dict[str, Any]]], str | None]:
        """(score, whose it is), and the key of the next page."""
        session, actor, after, limit = current_db(), current_actor(), asked["after"], asked["limit"]
        if task.subject != CUSTOMERS:
            if not actor.can("sales:read"):
                raise Forbidden
            rows, following = scored.page(session, actor, task.key, task.subject, after=after, limit=limit)
            return [(score, {"row": public_id}) for score, public_id in rows], following
        mine = predict.of_customers(known)
        page = listing.page(session, actor, sort=f"-{task.key}", after=after, limit=limit, scored=mine)
        found = scores.of_customers(session, [row.id for row in page.customers])
        return [(found[row.id][task.key], {"customer": row.public_id}) for row in page.customers], page.next
