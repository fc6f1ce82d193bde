"""Models after their training: moved data is named, bad months hand over to the rule, and nothing is looked at twice."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from known_companies import Customer, NewCustomer, Told, Written
from sqlalchemy import delete, select, update

from kith_platform.audit.models import AuditEntry
from kith_platform.auth.who import system
from kith_platform.customers.models import Customer as CustomerRow
from kith_platform.jobs import claim
from kith_platform.jobs.models import Job
from kith_platform.jobs.run import JobRun
from kith_platform.predict import classify, matured, protocol, scores, serving, steps, versions, watch
from kith_platform.predict.calendar import plan
from kith_platform.predict.churn import CHURN
from kith_platform.predict.models import CHAMPION, RETIRED, ModelVersion, ModelWatch, Score
from kith_platform.predict.training import Scored
from kith_platform.refresh import service as refresh
from kith_platform.refresh.graph import Turn
from kith_platform.simulator import Company, simulate
from kith_platform.snapshots import service as snapshots

TRAINED_ON, SAME_UNTIL, ENDS = dt.date(2026, 5, 19), dt.date(2026, 6, 2), dt.date(2026, 6, 30)
MONEY = {"order_trend", "spending_trend"}
STABLE = {"recency", "rho", "tau", "gap_variation", "purchase_days", "orders_30", "orders_90", "orders_365"}


@pytest.fixture(scope="module")
def company() -> Company:
    return simulate("retailer", regime="well_specified", customers=700, years=2.0, seed=7, ends_on=ENDS)


def sold(company: Company, after: dt.date, until: dt.date, times: float = 1.0) -> Company:
    """Only the orders of the days after `after` up to `until`, their amounts so many times as large."""
    orders = company.tables["orders"]
    day = pl.col("ordered_at").cast(pl.Date)
    part = orders.filter(day > after, day <= until).with_columns((pl.col(name) * times).round(2) for name in ("net", "tax"))
    return replace(company, tables={"customers": company.tables["customers"], "orders": part})


def refreshed(shop: Customer) -> dict[str, Any]:
    done = shop.run(refresh.ask_refresh)
    return {step["name"]: step["state"] for step in (done.result or {})["steps"]}


def weeks(shop: Customer, task: str = "churn") -> list[ModelWatch]:
    with shop.runtime.doors.tenant_scope(shop.tenant.id, read_only=True) as session:
        row = versions.latest(session, task)
        assert row is not None
        return list(watch.rows(session, task, row.version, watch.STABILITY))


@pytest.fixture(scope="module")
def shop(customer_like: NewCustomer, company: Company) -> Customer:
    """A shop whose models were trained some weeks ago."""
    made = customer_like(company)
    made.bring(sold(company, dt.date.min, TRAINED_ON), ("customers", "orders"))
    made.train("churn", "clv")
    return made


def test_a_training_keeps_how_scores_and_features_were_spread(shop: Customer) -> None:
    with shop.runtime.doors.tenant_scope(shop.tenant.id, read_only=True) as session:
        for task in ("churn", "clv"):
            row = versions.latest(session, task)
            assert row is not None
            kept = row.report["stability"]
            assert sum(kept["score"]["shares"]) == pytest.approx(1.0, abs=1e-4)
            assert set(kept["features"]) == (set() if task == "clv" else set(row.features))
            assert len(json.dumps(kept)) < 40_000


def scoring(shop: Customer) -> None:
    """The scoring step of a refresh, whatever has changed."""
    held = shop.runtime.doors
    with held.tenant_scope(shop.tenant.id) as session:
        asked = refresh.ask_refresh(session)
        claimed = claim.claim(session, asked.id, lease=60, unrouted=True)
        assert claimed is not None
    run = JobRun(shop.runtime, shop.tenant, claimed, pulse=held, threads=1, memory_mb=512)
    with closing(Turn(run, snapshots.take(shop.runtime, shop.tenant.id))) as turn:
        steps.refresh_scores(turn)
    with held.tenant_scope(shop.tenant.id) as session:
        session.execute(delete(Job).where(Job.id == asked.id))


def test_weeks_are_looked_at_once_and_name_what_moved_and_nothing_else(shop: Customer, company: Company, told: Told) -> None:
    scoring(shop)
    assert weeks(shop) == [], "nothing has come since the training"
    shop.bring(sold(company, TRAINED_ON, SAME_UNTIL), ("orders",))
    refreshed(shop)
    (first,) = weeks(shop)
    assert (first.day, first.numbers["grade"]) == (watch.monday(SAME_UNTIL), "ok")
    told("no shift, moved most", [(one["feature"], one["psi"]) for one in first.numbers["features"][:3]])
    assert refreshed(shop)["scores"] == "skipped", "nothing new, nothing done"
    shop.bring(sold(company, SAME_UNTIL, ENDS, times=6.0), ("orders",))
    scoring(shop)
    (same, second), (_, value) = weeks(shop), weeks(shop, "clv")
    assert (same.numbers, same.noted_at) == (first.numbers, first.noted_at)
    assert (second.day, second.numbers["grade"]) == (watch.monday(ENDS), "alert")
    told("amounts six times as large, moved most", [(one["feature"], one["psi"]) for one in second.numbers["features"][:6]])
    moved = {one["feature"]: one["move"] for one in second.numbers["features"] if one["grade"] == "alert"}
    assert {name: moved.get(name) for name in MONEY} == dict.fromkeys(MONEY, "higher")
    assert not STABLE & set(moved)
    assert value.numbers["score"]["grade"] in ("ok", "watch", "alert")
    assert value.numbers["features"] == []


def said_in(shop: Customer, month: dt.date, customers: int = 500) -> None:
    """Chances drawn by lot, as the version that serves would have said them when the month began."""
    with shop.runtime.doors.tenant_scope(shop.tenant.id) as session:
        row = versions.serving(session, "churn")
        assert row is not None
        ids = np.array(sorted(session.execute(select(CustomerRow.id)).scalars()), dtype=np.int64)[:customers]
        chances = np.random.default_rng(month.toordinal()).random(ids.size)
        scored = Scored(customer_ids=ids, values=chances, tier=row.tier)
        scores.keep(session, "churn", scored, version=row.version, as_of=month)
        assert scores.freeze(session, "churn", month) == ids.size
        watch.begin(session, "churn", month)


def months(shop: Customer) -> dict[int, dict[str, Any]]:
    with shop.runtime.doors.tenant_scope(shop.tenant.id, read_only=True) as session:
        row = versions.serving(session, "churn")
        assert row is not None
        return {one.day.month: one.numbers for one in watch.rows(session, "churn", row.version, watch.MATURED)}


def stands(shop: Customer) -> tuple[str, bool]:
    """The state of the version, and whether the rule has scored everybody."""
    with shop.runtime.doors.tenant_scope(shop.tenant.id, read_only=True) as session:
        row, tiers = versions.serving(session, "churn"), set(session.execute(churn_tiers).scalars())
        assert row is not None
        assert len(tiers) == 1
        return row.state, tiers == {"rule"}


churn_tiers = select(Score.tier).where(Score.task == "churn").distinct()


def test_two_bad_months_hand_over_to_the_rule_and_a_person_can_take_it_back(
    shop: Customer, company: Company, client_for: Callable[..., Any], told: Told
) -> None:
    shop.bring(sold(company, TRAINED_ON, ENDS), ("orders",))
    with shop.runtime.doors.tenant_scope(shop.tenant.id) as session:
        session.execute(update(ModelVersion).where(ModelVersion.task == "churn").values(state=CHAMPION))
    said_in(shop, dt.date(2025, 11, 1), customers=40)
    said_in(shop, dt.date(2025, 12, 1))
    scoring(shop)
    found = months(shop)
    assert (found[11]["state"], found[11]["judged"] < 50, "auc" in found[11]) == ("few", True, False)
    assert found[12]["state"] == "judged"
    assert abs(found[12]["auc"] - 0.5) < 0.12
    assert 6 not in found or found[6]["state"] == "waiting"
    assert stands(shop) == (CHAMPION, False), "one bad month is not two"
    scoring(shop)
    assert (months(shop), stands(shop)) == (found, (CHAMPION, False))

    said_in(shop, dt.date(2026, 1, 1))
    scoring(shop)
    told("AUC by month, by lot", {month: one.get("auc") for month, one in months(shop).items()})
    assert stands(shop) == (RETIRED, True)
    client = client_for("analyst", tenant=shop.tenant)
    with shop.runtime.doors.tenant_scope(shop.tenant.id, read_only=True) as session:
        row = versions.serving(session, "churn")
        assert row is not None
        entry = session.execute(select(AuditEntry).where(AuditEntry.action == "model:fell_back")).scalar_one()
        assert entry.detail["months"] == ["2025-12-01", "2026-01-01"]
        assert entry.detail["version"] == row.version
    for page in ("", "churn"):
        assert "The rule serves since" in client.get(f"/c/{shop.tenant.slug}/models/{page}").text
    answer = client.get("/api/v1/models/churn", headers={"X-Kith-Tenant": shop.tenant.slug}).json["watch"]
    assert answer["rule_serves_since"] is not None
    assert answer["words"][0].startswith("The rule serves since")
    assert next(one for one in answer["months"] if one["state"] == "judged")["judged"] > 400
    told("API", answer["words"])

    with shop.runtime.doors.tenant_scope(shop.tenant.id) as session:
        serving.promote(session, system(), "churn", row.public_id)
    scoring(shop)
    assert stands(shop) == (CHAMPION, False), "the two months that are known already do not take it out again"
    assert "The rule serves since" not in client.get(f"/c/{shop.tenant.slug}/models/churn").text
    said_in(shop, dt.date(2026, 2, 1))
    scoring(shop)
    assert stands(shop) == (CHAMPION, False), "nor does one more"


def test_what_came_is_judged_by_the_very_label_of_the_test(written: Written, told: Told) -> None:
    with written("retailer", "misspecified", 500, years=2.0) as known:
        evidence = known.evidence
        trained = classify.train(CHURN, evidence)
        assert trained.artefact is not None
        model, calibrated = protocol.unpack(trained.artefact)
        began = CHURN.began(evidence)
        assert began is not None
        calendar = plan(began, known.question.cutoff, CHURN.horizon(evidence))
        rows = classify.asked_of(CHURN, evidence, calendar.test)
        chances = protocol.model_scores(rows, model, calibrated).values
        window = matured.window(calendar.test - dt.timedelta(days=1), trained.parameters)
        assert window == calendar.window(calendar.test)
        ids, strangers = np.append(rows.ids, [9_999_999]), np.append(chances, [0.0])
        found = matured.of_chances(CHURN, evidence, matured.Said(ids, strangers, np.full(ids.size, np.nan), *window))
        bought = matured.of_purchases(evidence, matured.Said(ids, strangers, np.ones(ids.size), *window))
    told("AUC at the test, and as a month that came", (trained.metrics["auc"], found["auc"]))
    assert found["auc"] == pytest.approx(trained.metrics["auc"])
    assert (found["judged"], found["positives"]) == (trained.metrics["customers"], trained.metrics["positives"])
    assert bought["said"] == found["judged"] + 0.0, "one each was expected, and who is gone is not counted"
    assert bought["bias"] == pytest.approx(bought["said"] / bought["came"])
