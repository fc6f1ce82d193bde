"""An event as an outcome: whom will it happen to in the next 90 days? Answered like every model that looks ahead from a day."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING, Any

import ibis
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from kith_platform.facts.models import Event
from kith_platform.i18n import N_
from kith_platform.sdk.models import Model

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from kith_platform.frames import Frames, Tables
    from kith_platform.jobs.run import JobRun
    from kith_platform.predict.training import Evidence, Progress, Trained

PREFIX = "event:"  # before the name of an event that is asked about
HORIZON = 90  # days


def known(session: Session, name: str) -> bool:
    """Whether any event of that name was imported."""
    return bool(session.execute(select(exists().where(Event.name == name))).scalar())


def model_of(name: str) -> Model:
    """The declaration: of all customers, the rate of all as the rule to beat."""

    def asked_of(tables: Tables, _cutoff: dt.date) -> ir.Table:
        return tables.customers.select("customer_id")

    def came(tables: Tables, start: dt.date, end: dt.date) -> ir.Table:
        rows = tables.events
        inside = rows.filter(rows["name"] == name, rows.occurred_on >= ibis.date(start), rows.occurred_on < ibis.date(end))
        return inside.select("customer_id").distinct().mutate(outcome=ibis.literal(1.0))

    return Model(
        key=f"{PREFIX}{name}",
        label=name,
        answers=name,
        chance=N_("Chance"),
        yes="",
        no="",
        begins_with="events",
        horizon_days=HORIZON,
        asked_of=asked_of,
        came=came,
        rule_feature="recency",
        rule_edges=(),
        prior=0.1,
        plain=("recency", "purchase_days", "tenure"),
    )


def train(evidence: Evidence, name: str) -> Trained:
    """Learn from former days what came in the 90 days after them. Features are of before each day: none knows the answer."""
    from kith_platform.predict import classify
    from kith_platform.predict.asked import classification

    return classify.train(classification(model_of(name)), evidence)


def evidence(run: JobRun, frames: Frames, *, seed: int, progress: Progress = lambda _done, _message: None) -> Evidence:
    """What is known of customers by the newest day."""
    from kith_platform.predict import feature_sets
    from kith_platform.predict.evidence import PurchaseDays
    from kith_platform.predict.training import Evidence, Question

    question = Question(frames=frames, as_of=frames.last_day, seed=seed, threads=run.threads, progress=progress)
    sets, _warnings = feature_sets.usable(run, frames, question.cutoff)
    return Evidence(question, sets, cache(lambda: PurchaseDays.all(frames)))


def splits(trained: Trained) -> list[dict[str, Any]]:
    """The one split there is, by day, as the answers of tables say it."""
    if not trained.metrics:
        return []
    names = ("rate", "auc", "pr_auc", "lift_at_10", "ece", "plain_pr_auc")
    found = {name: trained.metrics[name] for name in names}
    return [
        {"split": "time", "verdict": trained.verdict, **trained.verdict_params, "test": trained.metrics["customers"], **found}
    ]
