"""Data that say little or come in a mess: training gives the same model, or the rule with the reason."""

from __future__ import annotations

from dataclasses import replace

import ibis
import numpy as np
from known_companies import Known, Written

from kith_platform.predict import classify
from kith_platform.predict.churn import CHURN
from kith_platform.predict.training import Trained
from kith_platform.sdk.types import Feature, FeatureSet
from kith_platform.simulator import simulate

SAYS_NOTHING = FeatureSet(
    key="says_nothing",
    needs=(),
    features=(
        Feature(name="always_one", label="Always one", sentence="Is one.", unit="count"),
        Feature(name="never_known", label="Never known", sentence="Is not known.", unit="count"),
    ),
    compute=lambda tables, _cutoff: tables.people.select(
        "customer_id", always_one=ibis.literal(1.0), never_known=ibis.null("float64")
    ),
)


def same(one: Trained, other: Trained) -> None:
    assert one.artefact is not None
    assert one.artefact == other.artefact
    assert one.scored is not None
    assert other.scored is not None
    assert np.array_equal(one.scored.customer_ids, other.scored.customer_ids)
    assert np.array_equal(one.scored.values, other.scored.values)


def test_columns_that_say_nothing_and_rows_in_any_order_change_no_model(written: Written) -> None:
    company = simulate("retailer", regime="misspecified", customers=300, years=2.0, seed=7)
    tables = {name: rows for name, rows in company.tables.items() if name in ("customers", "products", "orders")}
    mess = {**tables, "orders": tables["orders"].with_row_index("id", offset=1).sample(fraction=1.0, shuffle=True, seed=3)}

    def trained(known: Known) -> Trained:
        return classify.train(CHURN, known.evidence)

    with written("retailer", "misspecified", 300, company=company, tables=tables) as known:
        plain = trained(known)
        wider = classify.train(CHURN, replace(known.evidence, sets=(*known.sets, SAYS_NOTHING)))
    with written("retailer", "misspecified", 300, company=company, tables=mess) as known:
        shuffled = trained(known)
    same(plain, wider)
    assert not {"always_one", "never_known"} & set(wider.features)
    same(plain, shuffled)


def test_ten_customers_are_told_what_is_missing_and_scored_by_the_rule(written: Written) -> None:
    with written("retailer", "misspecified", 10) as known:
        trained = classify.train(CHURN, known.evidence)
    assert (trained.ships, trained.verdict, trained.artefact) == (False, "too_few_customers", None)
    assert trained.scored is not None
    assert trained.scored.tier == "rule"
    assert 0 < trained.scored.values.size <= 10
