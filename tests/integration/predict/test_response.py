"""Campaigns whose effect is known: who answers, and whom a message moves. Figures with `-s`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import pytest
from flask import Flask
from known_companies import Known, Told, Written

from kith_platform.predict import charts, figures, response, sends, uplift
from kith_platform.predict.features import BUYING, MARKETING
from kith_platform.predict.fits.uplift import Kind
from kith_platform.predict.models import ModelVersion
from kith_platform.predict.training import Evidence, Trained
from kith_platform.sdk.types import FeatureSet
from kith_platform.simulator import Company, Persuasion, simulate

ENDS = dt.date(2026, 6, 30)


@dataclass(frozen=True)
class Campaigned:
    """A company with campaigns, and what was learned from them. Two feature sets are enough here and save time."""

    known: Known
    response: Trained
    uplift: Trained

    evidence: Evidence


def evidence_of(known: Known, as_of: dt.date = ENDS, sets: Sequence[FeatureSet] = (BUYING,)) -> Evidence:
    return Evidence(known.question_at(as_of), sets, lambda: known.purchases)


def company(customers: int, how: Persuasion, years: float = 2.0) -> Company:
    return simulate("retailer", regime="misspecified", customers=customers, years=years, seed=8, ends_on=ENDS, persuasion=how)


@pytest.fixture(scope="module")
def retailer(written: Written) -> Iterator[Campaigned]:
    made = company(5_000, Persuasion(control=0.3))
    with written("retailer", "misspecified", 5_000, company=made) as known:
        evidence = evidence_of(known, sets=(BUYING, MARKETING))
        yield Campaigned(known, response.train(evidence), uplift.train(evidence), evidence)


def tell_all(told: Told, found: Trained) -> None:
    told("verdict", (found.verdict, found.tier))
    for name, figure in {**found.parameters, **found.metrics}.items():
        told(name, figure)


def test_who_answers_is_told_better_than_by_the_rate_of_the_rfm_cell(retailer: Campaigned, told: Told) -> None:
    found = retailer.response
    tell_all(told, found)
    assert (found.verdict, found.ships, found.tier) == ("better_than_baseline", True, "xgboost")
    assert found.metrics["pr_auc"] > found.metrics["rule_pr_auc"]
    assert found.metrics["ece"] <= 0.05
    assert 0.8 <= found.metrics["calibration_slope"] <= 1.2
    assert found.parameters["counted"] == "bought", "no file says who converted, so a purchase in the window counts"


def test_those_who_refused_or_unsubscribed_are_not_scored_for_the_next_campaign(retailer: Campaigned) -> None:
    gone = retailer.known.company.tables["touches"].filter(pl.col("unsubscribed_at").is_not_null())["customer_id"].unique()
    assert gone.len() > 5
    for found in (retailer.response, retailer.uplift):
        assert found.scored is not None
        assert not set(retailer.known.ids(found.scored.customer_ids)) & set(gone)


def test_whom_a_message_moves_is_ordered_better_than_by_who_answers(retailer: Campaigned, told: Told) -> None:
    found = retailer.uplift
    tell_all(told, found)
    assert (found.verdict, found.ships) == ("better_than_response", True)
    assert found.verdict_params["low"] > 0
    assert found.metrics["qini_low"] > 0
    assert found.metrics["qini"] > found.metrics["response_qini"]
    assert found.metrics["effect_inside"]
    assert found.metrics["uplift_at_10"] > found.metrics["uplift_at_30"] > found.metrics["effect"]
    assert found.report["qini"][-1]["gained"] == pytest.approx(found.report["response_qini"][-1]["gained"])


def test_the_types_are_what_the_truth_says_of_them(retailer: Campaigned, told: Told) -> None:
    scored, truth = retailer.uplift.scored, retailer.known.company.truth
    assert scored is not None
    real = truth.uplift(ENDS + dt.timedelta(days=1))[scored.customer_ids - 1]
    told("correlation with the true uplift", float(np.corrcoef(scored.values, real)[0, 1]))
    of_kind = {kind: real[scored.extra["type"] == kind] for kind in Kind}
    for kind, values in of_kind.items():
        told(kind.name, (values.size, float(values.mean())))
    assert of_kind[Kind.PERSUADABLE].mean() > real.mean() + 0.03
    assert of_kind[Kind.SLEEPING_DOG].mean() < -0.02
    assert np.corrcoef(scored.values, real)[0, 1] > 0.4
    assert all(scored.reasons[row] for row in np.flatnonzero(scored.extra["type"] == Kind.PERSUADABLE)[:50])


def test_the_page_of_a_model_tells_gain_and_effect(retailer: Campaigned, web: Flask) -> None:
    found = retailer.uplift
    row = ModelVersion(task="uplift", version=1, report=found.report, metrics=found.metrics)
    with web.test_request_context("/"):
        assert [chart.key for chart in charts.of_version(row, "SGD")] == ["qini", "uplift_groups"]
        told = dict(figures.facts(row))
    assert "Mean effect measured, with its interval" in told
    assert "Gain in average precision, with its interval" not in told, "it was compared by Qini"


def test_campaigns_of_one_part_are_over_before_those_of_the_next_begin(retailer: Campaigned) -> None:
    evidence = retailer.evidence
    every = sends.past(evidence)
    assert (every.day + sends.WINDOW_DAYS).max() <= (ENDS - dt.date(1970, 1, 1)).days + 1, "no window is open still"
    split = sends.parts(evidence, every, every.delivered)
    assert split.train.sends.day.max() + sends.WINDOW_DAYS <= split.validation.sends.day.min()
    assert split.validation.sends.day.max() + sends.WINDOW_DAYS <= split.test.sends.day.min()
    for part in (split.train, split.validation, split.test):
        assert np.array_equal(part.matrix.ids, part.sends.customer)


def test_scores_of_another_day_come_from_the_stored_model(retailer: Campaigned) -> None:
    evidence = retailer.evidence
    for module, found in ((response, retailer.response), (uplift, retailer.uplift)):
        again = module.rescore(evidence, found.artefact, found.report)
        assert found.scored is not None
        assert again is not None
        assert np.array_equal(again.values, found.scored.values)
        assert again.reasons == found.scored.reasons
        assert np.unique(module.rescore(evidence, None, found.report).values).size < 127, "the rule, or the mean effect"


def test_campaigns_that_change_nothing_are_said_to_change_nothing(written: Written, told: Told) -> None:
    made = company(2_500, Persuasion(strength=0.0, annoyance=0.0, control=0.3), years=1.5)
    assert not np.nan_to_num(made.truth.uplift(ENDS)).any()
    with written("retailer", "misspecified", 2_500, company=made) as known:
        found = uplift.train(evidence_of(known))
        early = uplift.train(evidence_of(known, made.starts_on + dt.timedelta(days=130)))
    tell_all(told, found)
    assert (found.verdict, found.ships) == ("no_uplift", False)
    assert found.metrics["effect_low"] < 0 < found.metrics["effect_high"]
    assert found.scored is not None
    assert np.unique(found.scored.values).size == 1, "each has the mean effect"
    assert (early.verdict, early.scored) == ("trial_too_small", None)
    missing = early.verdict_params["missing"]
    assert missing["control"] == 1_000 - early.verdict_params["control"] > 0


def test_a_campaign_without_control_or_with_a_picked_one_teaches_no_uplift(written: Written) -> None:
    made = company(1_500, Persuasion(control=0.4), years=0.8)
    touches = made.tables["touches"]
    alone = {**made.tables, "touches": touches.filter(pl.col("arm") == "treated")}
    heavy = made.tables["orders"].group_by("customer_id").len().filter(pl.col("len") > 8)["customer_id"]
    arm = pl.when(pl.col("customer_id").is_in(heavy.implode())).then(pl.lit("control")).otherwise(pl.lit("treated"))
    picked = {**made.tables, "touches": touches.with_columns(arm=arm)}
    for tables, verdict in ((alone, "no_control_group"), (picked, "not_randomised")):
        with written("retailer", "misspecified", 1_500, company=replace(made, tables=tables)) as known:
            found = uplift.train(evidence_of(known))
        assert (found.verdict, found.ships, found.scored) == (verdict, False, None)
    assert found.verdict_params["difference"] > 0.1
