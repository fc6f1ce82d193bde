"""When customers buy next, who comes back, who is ready for more: each against its rule, and honest where there is nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from known_companies import Known, Told, Written

from kith_platform.predict import classify, matured, next_purchase, sentences, upsell
from kith_platform.predict.asked import classification
from kith_platform.predict.contracts import ends
from kith_platform.predict.evidence import PurchaseDays, day_number
from kith_platform.predict.fits import calibration, waiting
from kith_platform.predict.service import TASKS
from kith_platform.predict.training import Trained
from kith_platform.predict.upsell import UPSELL
from kith_platform.predict.winback import WINBACK


@pytest.fixture(scope="module")
def retailer(written: Written) -> Iterator[Known]:
    with written("retailer", "misspecified", 2_000, threads=2) as known:
        yield known


@pytest.fixture(scope="module")
def trained(retailer: Known) -> Trained:
    return next_purchase.train(retailer.evidence)


def test_four_of_five_buy_within_the_span_and_the_day_is_nearer_than_the_rhythm(trained: Trained, told: Told) -> None:
    for name in ("coverage_80", "concordance", "rule_concordance", "days_mae", "rule_days_mae", "ece", "calibration_slope"):
        told(name, trained.metrics[name])
    assert 0.75 <= trained.metrics["coverage_80"] <= 0.85
    assert trained.metrics["ece"] <= 0.05
    assert 0.8 <= trained.metrics["calibration_slope"] <= 1.2
    assert trained.metrics["concordance"] > trained.metrics["rule_concordance"]
    assert trained.ships == (trained.verdict_params["high"] < 0)


def test_a_stored_model_says_what_was_scored_and_a_changed_byte_is_no_model(retailer: Known, trained: Trained) -> None:
    assert trained.artefact is not None
    assert trained.scored is not None
    again = next_purchase.rescore(retailer.evidence, trained.artefact, {})
    assert again is not None
    if trained.ships:
        assert np.array_equal(again.values, trained.scored.values)
        assert np.all(again.extra["days_10"] <= again.extra["days_50"])
        assert np.all(again.extra["days_50"] <= again.extra["days_90"])
    assert next_purchase.train(retailer.evidence).artefact == trained.artefact, "the same seed gives the same bytes"
    with pytest.raises(ValueError, match="cannot be read"):
        waiting.load(b"{" + trained.artefact[1:].replace(b"learner", b"lerner", 1))


def test_what_the_rule_says_of_a_purchase_soon_is_what_came(retailer: Known, trained: Trained, told: Told) -> None:
    cutoff = dt.date.fromisoformat(trained.parameters["test_cutoff"])
    evidence = replace(retailer.evidence, question=retailer.question_at(cutoff - dt.timedelta(days=1)))
    said = next_purchase.rescore(evidence, None, trained.report)
    assert said is not None
    bought, _net = retailer.purchases.between(day_number(cutoff), day_number(cutoff) + 30).totals(said.customer_ids)
    ece = calibration.expected_calibration_error(bought > 0, said.values)
    late = said.extra["days_50"] <= -30.0
    told("ECE of the rule", ece)
    told("of those a month late", (said.values[late].mean(), (bought[late] > 0).mean()))
    assert ece is not None
    assert ece <= 0.05
    assert said.values[late].max() < said.values[~late].mean()
    over, ahead = (sentences.of_waiting({"days_50": days}, dt.date(2026, 6, 30), "en") for days in (-40.0, 3.0))
    assert over == ("By the usual pause the next purchase was due about May 21, 2026.",)
    assert ahead == ("Next purchase expected about Jul 3, 2026.",)


def test_a_month_of_chances_to_buy_soon_is_judged_by_who_did(retailer: Known, trained: Trained, told: Told) -> None:
    cutoff = dt.date.fromisoformat(trained.parameters["test_cutoff"])
    evidence = replace(retailer.evidence, question=retailer.question_at(cutoff - dt.timedelta(days=1)))
    assert trained.artefact is not None
    scored = next_purchase.rescore(evidence, trained.artefact, trained.report)
    assert scored is not None
    window = matured.window(cutoff - dt.timedelta(days=1), trained.parameters)
    assert window == (cutoff, cutoff + dt.timedelta(days=30))
    nobody = np.full(scored.customer_ids.size, np.nan)
    found = matured.of_soon(retailer.evidence, matured.Said(scored.customer_ids, scored.values, nobody, *window))
    told("AUC at the test, and as a month that came", (trained.metrics["auc"], found["auc"]))
    assert found["judged"] == trained.metrics["customers"]
    assert found["auc"] == pytest.approx(trained.metrics["auc"])


def test_who_left_long_ago_may_be_won_back_and_who_bought_in_the_window_is(retailer: Known, told: Told) -> None:
    asked = classification(WINBACK)
    found = classify.train(asked, retailer.evidence)
    told("winback", (found.verdict, dict(found.verdict_params)))
    if "test_cutoff" in found.parameters:
        told("winback figures", {name: found.metrics[name] for name in ("customers", "positives", "auc", "ece")})
    assert found.scored is not None
    now = retailer.evidence.matrix(retailer.question.cutoff)
    asked_of = now.where(np.isin(now.ids, found.scored.customer_ids))
    assert np.all(asked_of.column("rho") > 3.0)
    assert np.all((asked_of.column("recency") >= 30) & (asked_of.column("recency") <= 730))
    last = retailer.purchases.before(day_number(retailer.question.cutoff))
    assert set(found.scored.customer_ids.tolist()) <= set(last.customer.tolist())


def test_whom_to_win_back_first_is_by_what_a_contact_may_bring(retailer: Known, told: Told) -> None:
    task = TASKS["winback"]
    found = task.rescore(retailer.evidence, None, {})
    assert found is not None
    assert found.ranked == "expected_value"
    expected = found.extra["expected_value"]
    orders: dict[int, list[tuple[int, float]]] = {}
    known = PurchaseDays.known(retailer.frames, retailer.question.cutoff)
    for customer, day, net in zip(known.customer.tolist(), known.day.tolist(), known.net.tolist(), strict=True):
        orders.setdefault(customer, []).append((day, net))
    for row in range(0, found.customer_ids.size, 50):
        own = orders[int(found.customer_ids[row])]
        year = sum(net for day, net in own if day > max(day for day, _ in own) - 365)
        assert expected[row] == pytest.approx(found.values[row] * year)
    told("the first tenth expected, times the mean", float(np.sort(expected)[-expected.size // 10 :].mean() / expected.mean()))
    # Where a model of uplift serves, that is what a contact adds; nothing for whom none may be written to.
    uplift = {int(customer): 0.02 * (turn - 1) for turn, customer in enumerate(found.customer_ids[:3])}
    moved = task.rescore(replace(retailer.evidence, said={"uplift": uplift}.__getitem__), None, {})
    assert moved is not None
    worth = expected / found.values
    assert moved.extra["expected_value"][:3] == pytest.approx(np.array([-0.02, 0.0, 0.02]) * worth[:3])
    assert not moved.extra["expected_value"][3:].any()
    assert np.array_equal(moved.values, found.values)


def test_an_upgrade_counts_where_it_is_kept_and_nothing_is_made_up_without_subscriptions(
    retailer: Known, written: Written, told: Told
) -> None:
    asked = classification(UPSELL)
    without = classify.train(asked, retailer.evidence)
    assert (without.verdict, without.verdict_params) == ("nothing_of_it", {"facts": "subscription_events"})
    assert without.scored is None
    with written("subscription", "misspecified", 500, years=2.0, threads=2) as known:
        found = classify.train(asked, known.evidence)
        tables, cutoff = known.frames.before(known.question.cutoff), known.question.cutoff
        unwell = set(tables.run(upsell.unwell(tables, cutoff))["customer_id"].to_pylist())
        running = ends(tables.subscription_events)
        bound = set(tables.run(running.filter(running.occurred_on.isnull()))["customer_id"].to_pylist())
    told("upsell", (found.verdict, dict(found.verdict_params)))
    told("subscribers, of them in bad health", (len(bound), len(bound & unwell)))
    assert found.verdict in ("better_than_baseline", "no_better_than_baseline")
    assert found.scored is not None
    offered = set(found.scored.customer_ids.tolist())
    assert bound & unwell
    assert not offered & unwell
    assert offered <= bound
    first, second, third = sorted(offered)[:3]
    plans = [("Basic", 10.0), ("Standard", 15.0), ("Standard", 15.0)]
    names = [str(known.company.truth.customer_ids[number - 1]) for number in (first, second, third)]
    events = known.company.tables["subscription_events"].head(3)
    begun = dt.datetime.combine(known.company.ends_on, dt.time()) - dt.timedelta(days=200)
    events = events.with_columns(
        customer_id=pl.Series(names),
        kind=pl.lit("started"),
        plan=pl.Series([name for name, _ in plans]),
        mrr=pl.Series([fee for _, fee in plans]),
        happened_at=pl.lit(begun).cast(events.schema["happened_at"]),
    )
    # Of 140 gained, 120 are paid for now, 180 after an upgrade; on the highest plan 180 stays the price.
    gains = known.company.tables["outcomes"].drop_nulls("value").head(3)
    gains = gains.with_columns(
        customer_id=pl.Series(names),
        value=pl.Series([140.0, 181.0, 200.0]),
        own_cost=pl.Series([0.0, 0.0, 30.0]),
        set_at=pl.lit(begun).cast(gains.schema["set_at"]),
        measured_at=pl.lit(begun + dt.timedelta(days=1)).cast(gains.schema["measured_at"]),
        currency=pl.lit(known.company.currency),
    )
    given = {"subscription_events": events.with_columns(currency=pl.lit(known.company.currency)), "outcomes": gains}
    with written("subscription", "misspecified", 500, company=known.company, tables=given) as few:
        tables = few.frames.before(cutoff)
        lost = tables.run(upsell.losing(tables, cutoff))["customer_id"].to_pylist()
        left = tables.run(upsell.asked_of(tables, cutoff))["customer_id"].to_pylist()
    assert sorted(lost) == [first, third], "140 is less than 180 after the upgrade; 200 less 30 of own costs is less than 180"
    assert left == [second]
