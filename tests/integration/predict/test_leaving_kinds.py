"""Who leaves by choice and who because bills stay unpaid are two questions, each answered near the best attainable."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
from known_companies import Known, Told, Written

from kith_platform.predict import classify, protocol
from kith_platform.predict.asked import classification
from kith_platform.predict.calendar import plan
from kith_platform.predict.churn import CHURN
from kith_platform.predict.classify import Classification
from kith_platform.predict.involuntary import INVOLUNTARY
from kith_platform.predict.protocol import Labelled
from kith_platform.predict.training import Trained
from kith_platform.simulator import Company
from kith_platform.simulator.truth import auc

AT_ONCE = dt.timedelta(hours=2)


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


def judged(known: Known, asked: Classification) -> tuple[Trained, Labelled, dt.date, int]:
    trained = classify.train(asked, known.evidence)
    began = asked.began(known.evidence)
    assert began is not None
    calendar = plan(began, known.question.cutoff, asked.horizon(known.evidence))
    return trained, classify.labelled(asked, known.evidence, calendar.test, calendar), calendar.test, calendar.horizon


def test_leaving_by_choice_and_leaving_unpaid_are_told_apart_within_a_tenth_of_the_best(written: Written, told: Told) -> None:
    with written("subscription", "misspecified", 8_000, threads=2) as known:
        by_choice, first, cutoff, horizon = judged(known, CHURN)
        unpaid, second, later, longer = judged(known, classification(INVOLUNTARY))
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
