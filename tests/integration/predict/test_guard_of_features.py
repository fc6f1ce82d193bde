"""A module's feature that knows the answer is named and left out; the honest strong ones of core stay."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ibis
import polars as pl
import pytest
from known_companies import Known, Told, Written

from kith_platform.predict import classify, verdicts
from kith_platform.predict.calendar import plan
from kith_platform.predict.churn import CHURN
from kith_platform.predict.training import Evidence, Trained
from kith_platform.sdk.types import Feature, FeatureSet


def reached(known: Known, evidence: Evidence, trained: Trained) -> float:
    """Share of training rows of whom the company's own files say that something was sent to them in the days judged."""
    began = CHURN.began(evidence)
    assert began is not None
    calendar = plan(began, known.question.cutoff, trained.parameters["horizon_days"])
    sent = known.company.tables["touches"].filter(pl.col("arm") != "control")
    touched, rows = 0, 0
    for cutoff in calendar.training:
        start, end = calendar.window(cutoff)
        inside = sent.filter(pl.col("sent_at").cast(pl.Date).is_between(start, end, closed="left"))
        ids = known.ids(classify.labelled(CHURN, evidence, cutoff, calendar).matrix.ids)
        touched += len(set(inside["customer_id"].to_list()) & set(ids))
        rows += len(ids)
    return touched / rows


def test_a_feature_set_that_leaks_the_label_is_named_and_left_out_with_both_figures(written: Written, told: Told) -> None:
    with written("retailer", "misspecified", 300) as known:

        def compute(tables: Any, cutoff: Any) -> Any:
            """Who will buy in the days judged, as a column that is filled in afterwards would tell."""
            later = known.frames.at(known.frames.last_day).purchases
            week = later.day.delta(ibis.date(cutoff), unit="day")
            buyers = later.filter(week >= 7, week < 97).select("customer_id").distinct()
            customers = tables.customers
            bought = customers.customer_id.isin(buyers.customer_id)
            return customers.select("customer_id", afterwards=bought.cast("float64"))

        feature = Feature(name="afterwards", label="Afterwards", sentence="Afterwards.", unit="flag")
        leaking = FeatureSet(key="leaking", needs=(), compute=compute, features=(feature,))
        evidence = replace(known.evidence, sets=(*known.sets, leaking))
        guarded = classify.train(CHURN, evidence)
        kept = {day: matrix.without(("afterwards",)) for day, matrix in evidence.kept.items()}
        honest = classify.train(CHURN, replace(evidence, kept=kept))
        share = reached(known, evidence, honest)
    told("reached by campaigns", share)
    assert honest.report["reached"] == pytest.approx(share)
    assert 0 < share < 1
    assert honest.warnings == ()
    (warning,) = guarded.warnings
    told("warning", warning)
    assert (warning["code"], warning["features"]) == ("leaks_left_out", ["afterwards"])
    assert "afterwards" not in guarded.features
    assert guarded.artefact == honest.artefact, "the model is what it is without the column"
    assert warning["with_auc"] > 0.98
    assert warning["auc"] == pytest.approx(honest.metrics["auc"])
    said = verdicts.warning(warning, labels={"afterwards": "Filled afterwards"})
    assert "Filled afterwards" in said
    assert "AUC of 0.9" in said or "AUC of 1" in said
