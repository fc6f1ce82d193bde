"""Who leaves by choice, who because bills stay unpaid, and which reason it would be: three questions, told apart and judged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import pytest
from known_companies import Known, Told, Written

from kith_platform.predict import classify, leaving_reason, protocol, sentences, verdicts
from kith_platform.predict.asked import classification
from kith_platform.predict.calendar import plan
from kith_platform.predict.churn import CHURN
from kith_platform.predict.classify import Classification
from kith_platform.predict.involuntary import INVOLUNTARY
from kith_platform.predict.leaving_words import ACTIONS, CODES
from kith_platform.predict.protocol import Labelled
from kith_platform.predict.training import Evidence, Trained
from kith_platform.simulator import Company
from kith_platform.simulator.truth import auc

AT_ONCE = dt.timedelta(hours=2)


@dataclass(frozen=True)
class Subscribers:
    """A company of subscribers, and one evidence for all that is asked of it, so that features are computed once."""

    known: Known
    evidence: Evidence


@pytest.fixture(scope="module")
def subscribers(written: Written) -> Iterator[Subscribers]:
    with written("subscription", "misspecified", 8_000, threads=2) as known:
        yield Subscribers(known, known.evidence)


def bills(company: Company, cutoff: dt.date) -> tuple[np.ndarray, np.ndarray]:
    """Per customer, what could be seen of bills before the cutoff: how many were not paid at once, and how many there were."""
    issued = company.tables["invoices"].filter(pl.col("issued_at").cast(pl.Date) < cutoff)
    paid = company.tables["payments"].filter(pl.col("succeeded"), pl.col("paid_at").cast(pl.Date) < cutoff)
    paid = paid.drop_nulls("invoice_id").group_by("invoice_id").agg(pl.col("paid_at").min())
    both = issued.join(paid, on="invoice_id", how="left")
    slow = (pl.col("paid_at").is_null() | (pl.col("paid_at") - pl.col("issued_at") > AT_ONCE)).sum()
    told = both.group_by("customer_id").agg(slow=slow, bills=pl.len())
    rows = company.truth.rows(told["customer_id"].to_list())
    found = np.zeros((2, company.truth.customer_ids.size), dtype=np.int64)
    found[:, rows] = told["slow"].to_numpy(), told["bills"].to_numpy()
    return found[0], found[1]


def judged(evidence: Evidence, asked: Classification) -> tuple[Trained, Labelled, dt.date, int]:
    trained = classify.train(asked, evidence)
    began = asked.began(evidence)
    assert began is not None
    calendar = plan(began, evidence.question.cutoff, asked.horizon(evidence))
    return trained, classify.labelled(asked, evidence, calendar.test, calendar), calendar.test, calendar.horizon


def test_leaving_by_choice_and_leaving_unpaid_are_told_apart_within_a_tenth_of_the_best(
    subscribers: Subscribers, told: Told
) -> None:
    known, evidence = subscribers.known, subscribers.evidence
    by_choice, first, cutoff, horizon = judged(evidence, CHURN)
    unpaid, second, later, longer = judged(evidence, classification(INVOLUNTARY))
    truth, company = known.company.truth, known.company
    causes = {customer: cause for customer, cause in zip(truth.customer_ids.tolist(), truth.cause, strict=True) if cause}
    bound = np.isin(truth.customer_ids, company.tables["subscription_events"]["customer_id"].unique().to_numpy())
    subscribed = bound[first.matrix.ids - 1]
    best = truth.ending_chances(cutoff, horizon_days=horizon, bills=bills(company, cutoff)).by_choice[first.matrix.ids - 1]
    optimum = auc(first.outcome[subscribed] == 1, best[subscribed])
    assert by_choice.artefact is not None
    model, _calibrated = protocol.unpack(by_choice.artefact)
    found = auc(first.outcome[subscribed] == 1, model.predict(first.matrix.columns(model.features))[subscribed])
    told("by choice: AUC of subscribers, of all", (found, by_choice.metrics["auc"]))
    told("by choice: optimum", optimum)
    told("by choice: rule", by_choice.metrics["rule_auc"])
    seen = truth.ending_chances(later, horizon_days=longer, bills=bills(company, later)).unpaid[second.matrix.ids - 1]
    knowing = truth.ending_chances(later, horizon_days=longer).unpaid[second.matrix.ids - 1]
    attainable = auc(second.outcome == 1, seen)
    told("unpaid: AUC", unpaid.metrics["auc"])
    told("unpaid: optimum from what could be seen", attainable)
    told("unpaid: bound that knows who is short of money", auc(second.outcome == 1, knowing))
    told("unpaid: rule", unpaid.metrics["rule_auc"])
    for one in (by_choice, unpaid):
        told("ece, slope, positives", [one.metrics[name] for name in ("ece", "calibration_slope", "positives")])
        assert one.ships
        assert one.warnings == (), "no honest feature is suspected"
        assert one.metrics["ece"] <= 0.05
        assert 0.8 <= one.metrics["calibration_slope"] <= 1.2
    assert found >= 0.9 * optimum
    assert unpaid.metrics["auc"] >= 0.9 * attainable
    # Nobody who ran out of money is counted as one who chose to leave, nor the other way round.
    chose = {name for name, came in zip(known.ids(first.matrix.ids), first.outcome, strict=True) if came}
    broke = {name for name, came in zip(known.ids(second.matrix.ids), second.outcome, strict=True) if came}
    short = sum(causes.get(name) == "non_payment" for name in broke)
    assert short >= 0.9 * len(broke), "a bill that is paid, but after 90 days, counts too"
    assert "non_payment" not in {causes.get(name) for name in chose & set(company.tables["subscription_events"]["customer_id"])}


def test_which_reason_it_would_be_is_told_better_than_by_the_shares_of_past_reasons(subscribers: Subscribers, told: Told) -> None:
    company, evidence = subscribers.known.company, subscribers.evidence
    found = leaving_reason.train(evidence)
    for name in ("customers", "training_customers", "log_loss", "rule_log_loss", "first_right", "rule_first_right", "ece"):
        told(name, found.metrics[name])
    told("difference", [found.verdict_params[name] for name in ("difference", "low", "high")])
    told("by reason", found.report["by_reason"])
    assert found.ships
    assert found.metrics["log_loss"] < found.metrics["rule_log_loss"]
    assert "Log-loss: −0." in verdicts.sentence(found.verdict, found.verdict_params)
    # Those who could not pay are another model's, and only who said why teaches.
    said = company.tables["leavings"].filter(pl.col("kind") == "voluntary").drop_nulls("reason")
    kept = dict(zip(CODES, np.bincount(leaving_reason.noted(evidence).code, minlength=len(CODES)).tolist(), strict=True))
    assert {code: number for code, number in kept.items() if number} == dict(said["reason"].value_counts().rows())
    scored = found.scored
    assert scored is not None
    chances = np.stack([scored.extra[code] for code in found.parameters["reasons"]])
    assert np.allclose(chances.sum(axis=0), 1.0)
    assert np.array_equal(scored.values, chances.max(axis=0))
    best = np.array([CODES.index(code) for code in found.parameters["reasons"]])[chances.argmax(axis=0)]
    assert np.array_equal(scored.extra["reason"], best)
    stored = dict(found.report, shares=dict(sorted(found.report["shares"].items(), key=lambda one: (len(one[0]), one[0]))))
    assert list(stored["shares"]) != list(found.report["shares"]), "the database orders keys in its own way"
    served = leaving_reason.rescore(evidence, found.artefact, stored)
    assert served is not None
    assert all(np.array_equal(served.extra[name], scored.extra[name]) for name in scored.extra)
    assert np.array_equal(served.values, scored.values)
    everybody = leaving_reason.rescore(evidence, None, found.report)
    assert everybody is not None
    assert "reason" not in everybody.extra
    first, action = sentences.of_leaving({name: float(column[0]) for name, column in scored.extra.items()}, "en")
    assert first.startswith("If they leave by choice, the likeliest reason is: ")
    assert action in ACTIONS.values()
    (only,) = sentences.of_leaving({name: float(column[0]) for name, column in everybody.extra.items()}, "en")
    assert only.startswith("The most frequent reason of past leavers is: sees no value in it (")
    (named,) = sentences.of_leaving({"other": 0.5, "price": 0.3, "no_value": 0.2}, "en")
    assert "30" in named, "rare reasons together are no reason"


def test_a_leaver_is_seen_before_the_note_and_teaches_one_part(subscribers: Subscribers) -> None:
    evidence = subscribers.evidence
    found, began = leaving_reason.noted(evidence), CHURN.began(evidence)
    assert began is not None
    calendar = plan(began, evidence.question.cutoff, CHURN.horizon(evidence))
    learnt, validation, test = leaving_reason.parts(evidence, found, calendar, began)
    everybody = np.concatenate([part.matrix.ids for part in (learnt, validation, test)])
    assert np.unique(everybody).size == everybody.size
    day = dict(zip(found.customer.tolist(), found.day.tolist(), strict=True))
    for part, first, last in (
        (learnt, began, calendar.validation),
        (validation, calendar.window(calendar.validation)[0], calendar.test),
        (test, calendar.window(calendar.test)[0], calendar.end),
    ):
        noted = np.array([day[customer] for customer in part.matrix.ids.tolist()]).astype("datetime64[D]")
        assert noted.min() >= np.datetime64(first)
        assert noted.max() < np.datetime64(last)
    # What is known of them is what was known at a cutoff before the note, and never after it.
    age = learnt.matrix.column("tenure")
    seen = np.array([day[customer] for customer in learnt.matrix.ids.tolist()])
    for cutoff in (*calendar.training[-3:],):
        then = evidence.matrix(cutoff)
        _, here, there = np.intersect1d(learnt.matrix.ids, then.ids, return_indices=True)
        same = age[here] == then.column("tenure")[there]
        assert same.any()
        assert (seen[here][same] >= (calendar.window(cutoff)[0] - dt.date(1970, 1, 1)).days).all()


def test_too_few_noted_reasons_say_the_exact_shortfall(subscribers: Subscribers) -> None:
    evidence = subscribers.evidence
    early = replace(
        evidence, question=subscribers.known.question_at(subscribers.known.company.starts_on + dt.timedelta(days=500))
    )
    found = leaving_reason.train(early)
    assert (found.verdict, found.ships, found.scored) == ("too_few_reasons", False, None)
    params = found.verdict_params
    assert 0 <= params["found"] < 100 == params["needed"] == params["found"] + params["missing"]
    assert f"{params['missing']} more are needed" in verdicts.sentence(found.verdict, params)
    assert leaving_reason.rescore(early, None, found.report) is None
    rare = np.repeat([0, 2, 4], [150, 60, 70])
    assert leaving_reason.merged(rare, rare) == ("moved", "other")
    assert leaving_reason.merged(rare[:150], rare[:150]) == ("moved",)
    assert leaving_reason.merged(rare[:150], rare) == ("moved", "other")


def test_reasons_drawn_by_lot_are_not_told_apart(subscribers: Subscribers, told: Told) -> None:
    found = leaving_reason.noted(subscribers.evidence)
    drawn = replace(found, code=np.random.default_rng(3).permutation(found.code))
    trained = leaving_reason.learned(subscribers.evidence, drawn)
    told("difference", [trained.verdict_params[name] for name in ("difference", "low", "high")])
    assert (trained.verdict, trained.ships) == ("no_better_than_shares", False)
    assert trained.scored is not None
    assert "reason" not in trained.scored.extra
    assert np.ptp(trained.scored.values) == 0
