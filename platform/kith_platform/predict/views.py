"""The Models pages: each question with its verdict, the evidence behind it, its history, and the button that trains."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kith_platform.attributes import features as attributes
from kith_platform.auth.edge import current_actor, current_db, runtime
from kith_platform.auth.gate import requires
from kith_platform.i18n import N_
from kith_platform.jobs.subjects import told
from kith_platform.modules import service as modules
from kith_platform.predict import (
    card,
    charts,
    comparison,
    figures,
    profit,
    sentences,
    service,
    serving,
    verdicts,
    versions,
    watched,
)
from kith_platform.predict.models import ModelVersion
from kith_platform.predict.tasks import Task
from kith_platform.sdk.types import Feature
from kith_platform.web.forms import Form
from kith_platform.web.locale import language
from kith_platform.web.navigation import NavItem

pages = Blueprint("predict", __name__, url_prefix="/c/<slug>/models")
NAVIGATION = (
    NavItem(
        key="predict",
        label=N_("Predictions"),
        icon="target-arrow",
        endpoint="predict.index",
        permission="models:read",
        section="work",
        order=50,
    ),
)
GRADES = {
    "better_than_baseline": "better",
    "better_than_shares": "better",
    "no_better_than_shares": "not_better",
    "no_better_than_baseline": "not_better",
    "no_uplift": "not_better",
    "no_holdout": "provisional",
}
DRIVERS = 10
STATES = {
    "champion": N_("serves now"),
    "retired": N_("served before"),
    "baseline": N_("not better, the rule served"),
    "not_trained": N_("not trained"),
}


def grade(row: ModelVersion) -> str:
    """The badge of a version: better, not_better, provisional or not_trained."""
    return GRADES.get(row.verdict, "not_trained")


@pages.get("/")
@requires("models:read")
def index(slug: str) -> str:
    """All models."""
    session = current_db()
    rows = [(task, champion, latest) for task, champion, latest in service.overview(session, mine())]
    return render_template(
        "predict/index.html",
        slug=slug,
        rows=rows,
        grade=grade,
        say=lambda row: verdicts.of_version(row, current_actor().currency, gettext),
        notes=watched.notes(session, [champion or latest for _task, champion, latest in rows]),
        job=running(),
    )


@pages.get("/<task>")
@requires("models:read")
def show(slug: str, task: str) -> str:
    """One model: what it answers, how good it is, what drives it, its former versions."""
    session, actor = current_db(), current_actor()
    known = serving.task_of(task, mine())
    champion, row = versions.champion(session, task), versions.shown(session, task)
    curve = profit.curve_of(known, row)
    given = profit.assumed(session, request.args, curve) if curve else None
    earned = profit.of(curve, given) if given and given.value else None
    features = known_features()
    found = [one for one in (row.report.get("drivers", []) if row else []) if one["feature"] in features][:DRIVERS]
    labels = {name: gettext(one.label) for name, one in features.items()}
    drivers = [(labels[one["feature"]], one["weight"], sentences.direction(one, language())) for one in found]
    return render_template(
        "predict/show.html",
        slug=slug,
        task=known,
        row=row,
        champion=champion,
        grade=grade,
        verdict=verdicts.of_version(row, actor.currency, gettext) if row else "",
        warnings=[verdicts.warning(one, gettext, labels) for one in row.warnings] if row else [],
        card=card.lines(card.of(session, known, row), language()),
        drivers=drivers,
        charts=charts.of_version(row, actor.currency) if row else (),
        profit=earned and profit.chart(earned),
        profit_words=profit.words(earned) if earned else (),
        profit_form=_profit_form(given) if given else None,
        facts=figures.facts(row) if row else (),
        parameters=figures.parameters(row) if row else (),
        watched=watched.of_version(session, row, features) if row else None,
        history=versions.history(session, task),
        states={key: gettext(label) for key, label in STATES.items()},
        job=running(),
    )


@pages.get("/<task>/compare")
@requires("models:read")
def compare(slug: str, task: str) -> str:
    """Two versions side by side, `?a=&b=` by number; without them the last two."""
    session, known = current_db(), serving.task_of(task, mine())
    history = versions.history(session, task)
    last = [row.version for row in history[1::-1]]
    numbers = [request.args.get(name, default, type=int) for name, default in zip("ab", last, strict=False)]
    before, after = (versions.numbered(session, task, number) for number in (*numbers, 0, 0)[:2])
    labels = {name: gettext(one.label) for name, one in known_features().items()}
    return render_template(
        "predict/compare.html",
        slug=slug,
        task=known,
        before=before,
        after=after,
        history=history,
        grade=grade,
        say=lambda row: verdicts.of_version(row, current_actor().currency, gettext),
        warn=lambda row: [verdicts.warning(one, gettext, labels) for one in row.warnings],
        states={key: gettext(label) for key, label in STATES.items()},
        about=comparison.about(card.of(session, known, before), card.of(session, known, after), language()),
        other_days=comparison.judged_apart(before, after),
        figures=comparison.figures_of(before, after),
        drivers=comparison.drivers(before, after, labels, DRIVERS),
    )


@pages.post("/train")
@requires("models:train")
def train_all(slug: str) -> AnyResponse:
    """Ask for a training of every model."""
    return _ask(slug, ())


@pages.post("/<task>/train")
@requires("models:train")
def train(slug: str, task: str) -> AnyResponse:
    """Ask for a training of one model."""
    return _ask(slug, (serving.task_of(task, mine()).key,))


@pages.post("/<task>/<uuid:public_id>/promote")
@requires("models:train")
def promote(slug: str, task: str, public_id: uuid.UUID) -> AnyResponse:
    """Let a former version serve again."""
    row = serving.promote(current_db(), current_actor(), serving.task_of(task, mine()).key, public_id)
    flash(gettext("Version %(version)s serves again. Scores follow with the next refresh.", version=row.version), "good")
    return redirect(url_for("predict.show", slug=slug, task=task))


def known_features() -> dict[str, Feature]:
    """Features that can be named here: core's, the modules', and the company's attributes that the reader may see."""
    session, held = current_db(), runtime()
    on = modules.enabled(session, held.plugins)
    found = sentences.features(found for _plugin, found in held.plugins.brought("feature_sets", on))
    return found | attributes.known(session, current_actor())


def mine() -> Mapping[str, Task]:
    """What this company can train."""
    return service.tasks(current_db(), runtime().plugins)


def running() -> Any:
    """The training that waits or runs, as macros/progress.html shows it; None where there is none."""
    session = current_db()
    found = serving.active_training(session)
    return told(session, [found], gettext)[0] if found is not None else None


def _profit_form(given: profit.Assumptions) -> Form:
    """What was typed where it could not be read, else what holds."""
    wrong = {error.field for error in given.errors}
    holds = {"value": given.value, "cost": given.cost, "saved": 100 * given.saved, "capacity": given.capacity}
    return Form({name: request.args.get(name) if name in wrong else f"{holds[name]:.12g}" for name in holds}, given.errors)


def _ask(slug: str, keys: tuple[str, ...]) -> AnyResponse:
    job = service.ask_training(current_db(), current_actor(), keys, known=mine())
    return redirect(url_for("jobs.show", slug=slug, public_id=job.public_id))
