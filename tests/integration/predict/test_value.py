"""What subscribers are worth, held against what was true; who serves, and what a small company gets. Figures with `-s`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from flask import Flask
from known_companies import Known, Told, Written

from kith_platform.predict import clv, figures, sentences, verdicts
from kith_platform.predict.evidence import day_number, day_of
from kith_platform.predict.fits import staying
from kith_platform.predict.fits.clv import DAYS_PER_MONTH
from kith_platform.predict.models import ModelVersion
from kith_platform.predict.training import Evidence, Trained
from kith_platform.predict.value import serving
from kith_platform.predict.value.brought import whole_months
from kith_platform.predict.value.subscriptions import Subscriptions


@dataclass(frozen=True)
class Outcome:
    known: Known
    evidence: Evidence
    clv: Trained


@pytest.fixture(scope="module")
def subscribers(written: Written) -> Iterator[Outcome]:
    """Nine in ten subscribe, and all buy beside it."""
    with written("subscription", "misspecified", 2_500) as known:
        evidence = known.evidence
        yield Outcome(known, evidence, clv.train(evidence))


def tell_ways(told: Told, found: Trained) -> None:
    for part, rows in found.report["beside"].items():
        for name in ("bgnbd", "tweedie", "hazard", "kaplan_meier", "last_year"):
            if name in rows:
                told(f"{part} {name}", {key: round(value, 3) for key, value in rows[name].items()})
        told(f"{part} serves", (rows["serves"], [round(rows[key], 3) for key in ("difference", "low", "high")]))
    names = ("bias", "money_mae", "spearman", "top_tenth_capture", "baseline", "baseline_money_mae", "baseline_bias", "high")
    told("sum of both", {name: found.metrics[name] for name in names})


def truly(known: Known, cutoff: dt.date, months: int, fees: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Expected fees by the hidden hazards of each, (n,): no model that sees only tables can know as much."""
    there = []
    for month in range(1, months + 1):
        ends = known.company.truth.ending_chances(cutoff, gap_days=0, horizon_days=round(month * DAYS_PER_MONTH))
        there.append(1.0 - np.minimum(ends.by_choice + ends.unpaid, 1.0)[rows])
    return staying.value(fees, np.column_stack(there))


def test_the_worth_of_subscribers_adds_up_to_what_came_and_to_the_truth(subscribers: Outcome, told: Told) -> None:
    found, known = subscribers.clv, subscribers.known
    tell_ways(told, found)
    rows = found.report["beside"]["subscriptions"]
    ours = rows[rows["serves"]]
    cutoff = dt.date.fromisoformat(found.parameters["test_cutoff"])
    months = whole_months(found.parameters["horizon_days"])
    bound = Subscriptions.known(known.frames, cutoff).at(day_number(cutoff))
    came = Subscriptions.known(known.frames, known.question.cutoff).paid(day_number(cutoff), months, bound.customer)
    best = truly(known, cutoff, months, bound.fee, bound.customer - 1)
    told("subscribers, months of the window", (bound.customer.size, months))
    told("truth: mean error, bias", (float(np.abs(best - came).mean()), float(best.sum() / came.sum())))
    assert 0.9 <= ours["bias"] <= 1.1
    assert 0.9 <= ours["bias"] * came.sum() / best.sum() <= 1.1
    assert ours["money_mae"] <= 1.25 * np.abs(best - came).mean()
    assert rows["last_year"]["bias"] > ours["bias"], "that all stay is too much"


def test_what_serves_was_better_by_its_whole_interval_and_the_verdict_says_so(subscribers: Outcome) -> None:
    found = subscribers.clv
    assert (found.ships, found.verdict) == (True, "better_than_baseline")
    assert found.metrics["high"] < 0
    assert 0.9 <= found.metrics["bias"] <= 1.1
    for part, challenger in (("purchases", "tweedie"), ("subscriptions", "hazard")):
        rows = found.report["beside"][part]
        assert (rows["serves"] == challenger) >= (rows["high"] < 0)
    said = verdicts.sentence(found.verdict, found.verdict_params, currency="CAD")
    assert said.startswith("Better than the simple rule")
    assert all(verdicts.SERVES[rows["serves"]] in said for rows in found.report["beside"].values())


def test_each_customer_is_valued_by_what_fits_and_says_so(subscribers: Outcome) -> None:
    scored = subscribers.clv.scored
    assert scored is not None
    tiers, months = np.array(scored.tiers), scored.extra["months_staying"]
    subscribed = ~np.isnan(months)
    way = subscribers.clv.report["beside"]["subscriptions"]["serves"]
    assert set(tiers[subscribed]) == {way}
    assert set(tiers[~subscribed]) == {subscribers.clv.tier}
    assert np.all((months[subscribed] > 0) & (months[subscribed] <= 12))
    assert np.all(scored.extra["p_alive"][subscribed] == 1.0)
    assert np.all(scored.values[subscribed] > 0.8 * scored.extra["monthly_fee"][subscribed] * months[subscribed])


def test_the_same_snapshot_and_seed_give_the_same_bytes_and_a_refresh_the_same_values(subscribers: Outcome) -> None:
    first, evidence = subscribers.clv, subscribers.evidence
    assert clv.train(evidence).artefact == first.artefact
    again = clv.rescore(evidence, first.artefact, first.report)
    assert again is not None
    assert first.scored is not None
    assert np.array_equal(again.values, first.scored.values)
    assert again.tiers == first.scored.tiers


def test_trees_and_hazard_come_back_from_their_bytes(subscribers: Outcome) -> None:
    """Whichever serves in this company: what was chosen against is kept and read the same way."""
    evidence, cutoff = subscribers.evidence, subscribers.known.question.cutoff
    assert subscribers.clv.artefact is not None
    kept = serving.load(subscribers.clv.artefact)
    known = clv.Brought.known(evidence.question.frames, cutoff)
    calendar = clv.windows(day_of(known.purchases.day.min()), cutoff)
    assert calendar is not None
    grown = clv.trees.learn(evidence, known.purchases, calendar)
    assert grown is not None
    full = serving.Serving(kept.fit, grown, calendar.horizon, kept.hazard)
    look = clv.Look.of(known, cutoff)
    one, two = (found.score(evidence, cutoff, look) for found in (full, serving.load(full.to_bytes())))
    assert np.array_equal(one.values, two.values)
    assert set(one.tiers) >= {"tweedie"}
    assert "per_purchase" not in one.extra, "trees tell of money, not of single purchases"


def test_the_page_of_the_model_shows_every_way_that_was_tried(subscribers: Outcome, web: Flask) -> None:
    found = subscribers.clv
    row = ModelVersion(task="clv", version=1, report=found.report, metrics=found.metrics)
    with web.test_request_context("/"):
        told = dict(figures.facts(row))
    rows = found.report["beside"]["subscriptions"]
    assert told["Subscriptions by how long others with the plan stayed"].endswith(f"{rows['kaplan_meier']['bias']:.2f}")
    assert {"Purchases by the rhythm (BG/NBD, Gamma-Gamma)", "Subscriptions if everybody stayed"} <= told.keys()


def test_a_subscribers_value_is_told_in_words(subscribers: Outcome) -> None:
    scored = subscribers.clv.scored
    assert scored is not None
    row = int(np.flatnonzero(~np.isnan(scored.extra["months_staying"]))[0])
    own = {name: float(values[row]) for name, values in scored.extra.items() if not np.isnan(values[row])}
    said = sentences.of_value(own, "en", "CAD")
    assert f"for {own['months_staying']:.1f} of the next 12 months".replace(".0 ", " ") in said[0]
    assert not any("with a chance of" in one for one in said), "that who subscribes is a customer needs no chance"


def test_a_small_company_gets_the_rule_and_is_told_which(written: Written) -> None:
    with written("subscription", "misspecified", 40) as known:
        found: Any = clv.train(known.evidence)
        again: Any = clv.rescore(known.evidence, None, found.report)
    assert (found.ships, found.verdict, found.scored.tier) == (False, "too_few_repeat_buyers", "rule")
    said = verdicts.sentence(found.verdict, found.verdict_params)
    assert "towards the mean of all" in said
    assert np.nanmax(found.scored.extra["months_staying"]) <= 12
    assert np.array_equal(again.values, found.scored.values)
