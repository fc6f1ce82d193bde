"""A declared Model as a Classification: its tables, given by Ibis, as arrays over the rows of a cutoff."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kith_platform.predict.classify import Classification
from kith_platform.predict.evidence import Floats, Ids
from kith_platform.predict.fits import rates
from kith_platform.predict.matrix import Matrix
from kith_platform.predict.training import Evidence

if TYPE_CHECKING:
    from kith_platform.sdk.models import Model


def classification(model: Model) -> Classification:
    """The question of `model` for `classify`. What its functions raise reaches the caller of `train` and `rescore`."""

    def began(evidence: Evidence) -> dt.date | None:
        tables = evidence.question.frames.before(evidence.question.cutoff)
        rows = tables[model.begins_with]
        first: dt.date | None = tables.run(rows.aggregate(day=rows.occurred_on.min()))["day"][0].as_py()
        return first

    def population(evidence: Evidence, matrix: Matrix, cutoff: dt.date) -> NDArray[np.bool_]:
        tables = evidence.question.frames.before(cutoff)
        found = evidence.call(model.key, lambda: tables.run(model.asked_of(tables, cutoff).select("customer_id").distinct()))
        return np.isin(matrix.ids, found["customer_id"].drop_null().to_numpy())

    def outcome(evidence: Evidence, customers: Ids, start: dt.date, end: dt.date) -> Floats:
        tables = evidence.question.frames.at(evidence.question.as_of)
        found = evidence.call(model.key, lambda: tables.run(model.came(tables, start, end).select("customer_id", "outcome")))
        found = found.filter(found["customer_id"].is_valid())
        came = np.zeros(customers.size)
        ids = found["customer_id"].to_numpy().astype(np.int64)
        place = np.searchsorted(customers, ids)
        inside = np.isin(ids, customers)  # asked of nobody, nobody is inside
        came[place[inside]] = found["outcome"].cast("double").to_numpy(zero_copy_only=False)[inside]
        return came

    return Classification(
        key=model.key,
        began=began,
        horizon=lambda _evidence: model.horizon_days,
        population=population,
        outcome=outcome,
        rule=rates.Rule(model.rule_feature, model.rule_edges),
        prior=model.prior,
        plain=model.plain,
        without=frozenset(model.without),
        senses=model.senses,
        nothing=("nothing_of_it", {"facts": model.begins_with}),
    )
