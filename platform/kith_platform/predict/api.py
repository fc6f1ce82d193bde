"""Models for programs: `/api/v1/models`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask.views import MethodView
from flask_babel import gettext
from flask_smorest import Blueprint

from kith_platform.attributes import features as attributes
from kith_platform.auth.edge import current_actor, current_db, runtime
from kith_platform.auth.gate import requires
from kith_platform.modules import service as modules
from kith_platform.predict import card, sentences, service, serving, verdicts, versions, watched
from kith_platform.predict.models import ModelVersion
from kith_platform.predict.schemas import CardSchema, ModelSchema, ModelsSchema, TrainingSchema
from kith_platform.predict.tasks import Task
from kith_platform.sdk.types import Feature
from kith_platform.web.locale import language

api = Blueprint("models_api", __name__, url_prefix="/models", description="Models: what they answer and how good they are")


@api.route("")
class Models(MethodView):
    @requires("models:read")
    @api.response(200, ModelsSchema)
    def get(self) -> dict[str, Any]:
        """Every model with the version that serves and its last training."""
        return {"models": [_shown(*row) for row in service.overview(current_db(), known())]}


@api.route("/<key>")
class One(MethodView):
    @requires("models:read")
    @api.response(200, ModelSchema)
    def get(self, key: str) -> dict[str, Any]:
        """One model."""
        task, session = serving.task_of(key, known()), current_db()
        return _shown(task, versions.champion(session, key), versions.latest(session, key))


@api.route("/<key>/card")
class CardOf(MethodView):
    @requires("models:read")
    @api.response(200, CardSchema)
    def get(self, key: str) -> dict[str, Any]:
        """What a person must know before deciding by the model; `lines` say it in the caller's language."""
        task, session = serving.task_of(key, known()), current_db()
        found = card.of(session, task, versions.shown(session, key))
        return {**asdict(found), "lines": card.lines(found, language())}


@api.route("/<key>/train")
class Train(MethodView):
    @requires("models:train")
    @api.response(202, TrainingSchema)
    def post(self, key: str) -> dict[str, Any]:
        """Ask for a training; one that waits or runs already is returned instead."""
        models = known()
        job = service.ask_training(current_db(), current_actor(), (serving.task_of(key, models).key,), known=models)
        return {"job": job.public_id, "state": job.state}


def known() -> Mapping[str, Task]:
    """What this company can train."""
    return service.tasks(current_db(), runtime().plugins)


def features() -> Mapping[str, Feature]:
    """What the company's models may learn from, by name."""
    session, held = current_db(), runtime()
    on = modules.enabled(session, held.plugins)
    own = attributes.known(session, current_actor())
    return {**sentences.features(one for _plugin, one in held.plugins.brought("feature_sets", on)), **own}


def _shown(task: Task, champion: ModelVersion | None, latest: ModelVersion | None) -> dict[str, Any]:
    return {
        "key": task.key,
        "label": gettext(task.label),
        "answers": gettext(task.answers),
        "value": task.value,
        "words": verdicts.of_version(latest, current_actor().currency, gettext) if latest else "",
        "serves": champion,
        "latest": latest,
        "watch": watched.as_json(current_db(), row, features()) if (row := champion or latest) else None,
    }
