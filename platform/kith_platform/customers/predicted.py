"""What models and own questions say of one customer, in words, for the customer's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from kith_platform import i18n
from kith_platform.attributes import features as attributes
from kith_platform.customers import advice
from kith_platform.labelled import shown as questions
from kith_platform.modules import service as modules
from kith_platform.plugins import Plugins
from kith_platform.predict import explain, sentences, versions
from kith_platform.predict import service as predict
from kith_platform.predict.leaving_words import UNPAID
from kith_platform.predict.models import Score
from kith_platform.predict.sentences import Because
from kith_platform.sdk.types import Feature
from kith_tenants.context import Actor

APART = ("churn", "leaving_reason")  # these stand in a card of their own, where there is a chance of leaving


def features(session: Session, actor: Actor, plugins: Plugins) -> dict[str, Feature]:
    """Every feature that a reason may name to the actor: core's, those of modules that are on, and attributes."""
    on = modules.enabled(session, plugins)
    found = sentences.features(one for _plugin, one in plugins.brought("feature_sets", on))
    return found | attributes.known(session, actor)


def of_customer(
    session: Session, actor: Actor, plugins: Plugins, customer_id: int, mine: Mapping[str, Score], language: str, currency: str
) -> dict[str, Any]:
    """What the page shows, by name, of a customer's scores by task."""
    known, models, told_by = features(session, actor, plugins), predict.tasks(session, plugins), versions.telling(session, mine)

    def because(key: str) -> Because | None:
        return sentences.reasons(models[key], mine[key].reasons, known, language, currency) if key in mine else None

    churn, clv, unpaid = mine.get("churn"), mine.get("clv"), mine.get("involuntary")
    apart = APART if churn else ()
    further = [key for key, task in models.items() if key in mine and key not in apart and task.value == "probability"]
    return {
        "churn": churn,
        "clv": clv,
        "versions": told_by,
        "reasons": because("churn"),
        "why": because("leaving_reason"),
        "kinds": {
            "uplift": (sentences.of_uplift(mine["uplift"].extra, language),) if "uplift" in mine else (),
            "leaving_reason": sentences.of_leaving(mine["leaving_reason"].extra, language) if "leaving_reason" in mine else (),
        },
        "further": [
            (models[key], mine[key], sentences.of_waiting(mine[key].extra, mine[key].as_of, language), because(key))
            for key in further
        ],
        "asked": questions.of_customers(session, actor, {customer_id: mine}, known, language, currency)[customer_id],
        "unexplained": {key for key in mine if key in models and explain.missing(models[key], mine[key], told_by.get(key))},
        "unpaid": unpaid,
        "remind": i18n.translate(UNPAID, language) if unpaid and unpaid.value >= advice.LEAVES else "",
        "worth": sentences.of_value(clv.extra, language, currency) if clv else (),
    }
