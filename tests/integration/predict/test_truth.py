"""What the models say of simulated companies, held against what was true. Figures with `-s`."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from known_companies import Known, Told, Written
from scipy.special import logit

from kith_platform.predict import classify, clv, protocol
from kith_platform.predict.calendar import plan
from kith_platform.predict.churn import CHURN
from kith_platform.predict.evidence import day_of
from kith_platform.predict.training import Trained


@dataclass(frozen=True)
class Outcome:
    """A company, and what was trained on it."""

    known: Known
    churn: Trained
    clv: Trained


def trained(known: Known) -> Outcome:
    return Outcome(
        known,
        classify.train(CHURN, known.evidence),
        clv.train(known.evidence),
    )


def optimum(outcome: Outcome) -> float:
    """AUC of the best attainable score on the very customers and labels that the model was tested on."""
    known, parameters = outcome.known, outcome.churn.parameters
    calendar = plan(day_of(known.purchases.day.min()), known.question.cutoff, parameters["horizon_days"])
    cutoff = dt.date.fromisoformat(parameters["test_cutoff"])
    test = classify.labelled(CHURN, known.evidence, cutoff, calendar)
    horizon, gap = parameters["horizon_days"], parameters["gap_days"]
    silent = known.company.truth.silent(cutoff, gap_days=gap, horizon_days=horizon)
    assert np.array_equal(silent[test.matrix.ids - 1], test.outcome == 1), "who was silent is who is labelled a leaver"
    ids = known.ids(test.matrix.ids)
    return known.company.truth.optimum(ids, test.outcome, cutoff, gap_days=gap, horizon_days=horizon)


def tell_all(told: Told, outcome: Outcome) -> None:
    found = outcome.churn.metrics
    for name in ("customers", "positives", "auc", "ece", "calibration_slope", "pr_auc", "rule_pr_auc", "plain_pr_auc"):
        told(name, found[name])
    told("better than the rule by", {key: round(outcome.churn.verdict_params[key], 4) for key in ("difference", "low", "high")})
    for name in ("bias", "purchases_bias", "money_mae", "baseline_money_mae", "baseline", "spearman"):
        told(f"clv {name}", outcome.clv.metrics[name])
    if rows := outcome.clv.report["beside"].get("purchases"):
        for name in ("bgnbd", "tweedie"):
            told(f"clv by {name}", {key: round(value, 3) for key, value in rows[name].items()})
        told("clv serves", (rows["serves"], [round(rows[key], 2) for key in ("difference", "low", "high")]))


@pytest.fixture(scope="module")
def retailer(written: Written) -> Iterator[Outcome]:
    """The demo retailer: same size, same seed, same features."""
    with written("retailer", "misspecified", 3_000) as known:
        yield trained(known)


def test_on_the_demo_retailer_churn_comes_within_a_tenth_of_the_best_attainable(retailer: Outcome, told: Told) -> None:
    best, found = optimum(retailer), retailer.churn.metrics
    tell_all(told, retailer)
    told("optimum AUC", best)
    told("share of the optimum", found["auc"] / best)
    assert retailer.churn.tier == "xgboost"
    assert retailer.churn.warnings == (), "no honest feature is suspected"
    assert found["auc"] >= 0.9 * best
    assert found["ece"] <= 0.05
    assert found["positives"] >= 100
    assert 0.8 <= found["calibration_slope"] <= 1.2


def test_on_the_demo_retailer_churn_beats_the_rhythm_rule_by_its_whole_interval(retailer: Outcome) -> None:
    assert (retailer.churn.verdict, retailer.churn.ships) == ("better_than_baseline", True)
    assert retailer.churn.verdict_params["low"] > 0
    assert retailer.churn.metrics["pr_auc"] > retailer.churn.metrics["plain_pr_auc"]


def test_on_the_demo_retailer_value_adds_up_to_what_came(retailer: Outcome) -> None:
    assert retailer.clv.ships
    assert 0.9 <= retailer.clv.metrics["bias"] <= 1.1
    assert retailer.clv.metrics["high"] < 0
    ways = retailer.clv.report["beside"]["purchases"]
    assert ways["tweedie"].keys() == ways["bgnbd"].keys() == {"money_mae", "bias", "spearman", "top_tenth_capture"}
    assert ways["serves"] == ("tweedie" if ways["high"] < 0 else "bgnbd"), "the rhythm's sum is fair: only the error decides"
    assert retailer.clv.verdict_params["serves"] == [ways["serves"]]


def test_a_score_is_explained_by_at_most_three_of_the_customers_own_numbers_that_add_up(retailer: Outcome) -> None:
    known, scored = retailer.known, retailer.churn.scored
    assert retailer.churn.artefact is not None
    assert scored is not None
    model, calibrated = protocol.unpack(retailer.churn.artefact)
    everybody = classify.asked_of(CHURN, known.evidence, known.question.cutoff)
    matrix = everybody.columns(model.features)
    raw, terms = model.predict(matrix), model.contributions(matrix)
    assert np.allclose(terms.sum(axis=1), logit(raw), atol=1e-4)
    assert np.array_equal(scored.values, calibrated.apply(raw)), "the stored artefact says what was scored"
    place = {name: number for number, name in enumerate(model.features)}
    assert max(map(len, scored.reasons)) == 3
    for row, reasons in enumerate(scored.reasons):
        assert len(reasons) <= 3
        assert len({math.copysign(1, reason["effect"]) for reason in reasons}) <= 1, "all push the same way"
        for reason in reasons:
            own, effect = matrix[row, place[reason["feature"]]], terms[row, place[reason["feature"]]]
            assert reason["effect"] == pytest.approx(effect, abs=1e-4)
            assert (reason["value"] is None) if np.isnan(own) else reason["value"] == pytest.approx(own, abs=1e-4)


def test_where_customers_are_what_the_value_model_believes_both_models_are_right(written: Written, told: Told) -> None:
    with written("retailer", "well_specified", 4_000) as known:
        outcome = trained(known)
        best = optimum(outcome)
    tell_all(told, outcome)
    told("optimum AUC", best)
    assert outcome.churn.ships
    assert outcome.churn.metrics["auc"] >= 0.9 * best
    assert 0.8 <= outcome.churn.metrics["calibration_slope"] <= 1.2
    assert outcome.clv.ships
    assert 0.9 <= outcome.clv.metrics["bias"] <= 1.1


def test_where_nothing_foretells_anything_the_rule_ships_and_says_why(written: Written, told: Told) -> None:
    with written("retailer", "no_signal", 800) as known:
        outcome = trained(known)
    tell_all(told, outcome)
    for model in (outcome.churn, outcome.clv):
        assert (model.ships, model.verdict) == (False, "no_better_than_baseline")
        assert model.scored is not None
        assert model.scored.tier == "rule"
    assert outcome.churn.scored is not None
    assert len(np.unique(outcome.churn.scored.values)) <= 2, "one chance on either side of the rule's border"
    assert all(reason["feature"] == "rho" for reasons in outcome.churn.scored.reasons for reason in reasons)
