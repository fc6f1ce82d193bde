"""Scores for programs: `/api/v1/scores`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from kith_platform.attributes import masks
from kith_platform.auth.edge import current_actor, current_db, current_tenant, runtime
from kith_platform.auth.gate import requires
from kith_platform.customers import listing, predicted
from kith_platform.errors import Forbidden
from kith_platform.labelled import shown as questions
from kith_platform.leads import scored
from kith_platform.predict import scores, sentences
from kith_platform.predict import service as predict
from kith_platform.predict.models import Score
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
        """A model's scores of the customers (leads, opportunities, invoices) the caller may see, the highest first; or those of
        the company's own question, `custom:…`, with reasons for who may see what is sensitive."""
        model = asked["model"]
        if questions.asked(current_db(), model) is not None:
            return self._own(model, asked)
        task = predict.task_of(model, predict.tasks(current_db(), runtime().plugins))
        told, following = self._page(task, asked)
        features = predicted.features(current_db(), current_actor(), runtime().plugins)
        rows = []
        for score, whose in told:
            words = sentences.reasons(task, score.reasons, features, language(), current_tenant().currency)
            rows.append(_row(model, score, words.sentences, task.kinds.code(score.extra) if task.kinds else "") | whose)
        return {"scores": rows, "next": following}

    def _page(self, task: Task, asked: dict[str, Any]) -> tuple[list[tuple[Any, dict[str, Any]]], str | None]:
        """(score, whose it is), and the key of the next page."""
        session, actor, after, limit = current_db(), current_actor(), asked["after"], asked["limit"]
        if task.subject != CUSTOMERS:
            if not actor.can("sales:read"):
                raise Forbidden
            rows, following = scored.page(session, actor, task.key, task.subject, after=after, limit=limit)
            return [(score, {"row": public_id}) for score, public_id in rows], following
        found, following = _of_customers(task.key, asked)
        return [(score, {"customer": public_id}) for score, public_id in found], following

    def _own(self, task: str, asked: dict[str, Any]) -> dict[str, Any]:
        """Scores of an own question; none while no model answers it, or where they would tell what the caller may not see."""
        session, actor = current_db(), current_actor()
        if task in questions.hidden(session, actor):
            return {"scores": [], "next": None}
        found, following = _of_customers(task, asked)
        features = predicted.features(session, actor, runtime().plugins)
        mine = {score.customer_id: {task: score} for score, _public_id in found}
        said = questions.of_customers(session, actor, mine, features, language(), current_tenant().currency)
        rows = [
            _row(task, score, one.because.sentences) | {"customer": public_id}
            for score, public_id in found
            for one in said[score.customer_id]
        ]
        return {"scores": rows, "next": following}


def _of_customers(task: str, asked: dict[str, Any]) -> tuple[list[tuple[Score, Any]], str | None]:
    """(score, the customer's public id), and the key of the next page."""
    page = listing.page(
        current_db(), current_actor(), sort=f"-{task}", after=asked["after"], limit=asked["limit"], scored=(task,)
    )
    found = scores.of_customers(current_db(), [row.id for row in page.customers])
    return [(found[row.id][task], row.public_id) for row in page.customers], page.next


def _row(task: str, score: Any, words: Iterable[str], kind: str = "") -> dict[str, Any]:
    plain = {name: getattr(score, name) for name in ("value", "tier", "as_of", "version", "extra")}
    return {**plain, "reasons": masks.seen(task, score.reasons), "kind": kind, "words": words}
