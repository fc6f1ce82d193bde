"""From a customer's files to sealed models and scores, through import, job and registry."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from known_companies import Customer, NewCustomer, Written
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from kith_platform.customers.models import Customer as Person
from kith_platform.errors import Conflict
from kith_platform.facts.models import CustomerRecord
from kith_platform.frames import open_frames
from kith_platform.jobs.models import Job
from kith_platform.predict import classify, listing, scores, service, verdicts, versions
from kith_platform.predict.artefacts import Tampered
from kith_platform.predict.churn import CHURN
from kith_platform.predict.horizon import ahead
from kith_platform.predict.matrix import matrix_at
from kith_platform.predict.models import ModelVersion, Score
from kith_platform.predict.training import Scored, Trained
from kith_platform.runtime import Runtime
from kith_platform.simulator import Company, simulate
from kith_platform.snapshots import service as snapshots
from kith_tenants.tenant import TenantContext

ENDS = dt.date(2026, 6, 30)
FURTHER = ("stores", "member_cards", "coupons", "coupon_redemptions")


@pytest.fixture(scope="module")
def company() -> Company:
    return simulate("retailer", regime="misspecified", customers=300, years=3.0, seed=7, ends_on=ENDS)


@pytest.fixture(scope="module")
def retailer(customer_like: NewCustomer, company: Company) -> Customer:
    """A retailer with all its files imported."""
    made = customer_like(company)
    made.bring(company)
    made.bring(company, FURTHER)
    return made


@pytest.fixture(scope="module")
def first(retailer: Customer) -> dict[str, Any]:
    """What the first training of both models said."""
    return retailer.train("churn", "clv")


def of_task(session: Session, task: str) -> list[ModelVersion]:
    return list(session.execute(select(ModelVersion).where(ModelVersion.task == task).order_by(ModelVersion.version)).scalars())


def saved(session: Session, runtime: Runtime, trained: Trained) -> ModelVersion:
    return versions.save(
        session, "churn", trained, as_of=ENDS, watermark=dt.datetime.now(dt.UTC), snapshot="", seed=1, key=runtime.model_key
    )


def shipped(data: bytes = b"{}") -> Trained:
    return Trained(ships=True, verdict="better_than_baseline", artefact=data)


def test_what_models_are_tried_on_here_is_what_the_import_makes_of_the_same_files(
    retailer: Customer, company: Company, runtime: Runtime, written: Written
) -> None:
    cutoff = dt.date(2026, 1, 15)
    tenant = retailer.tenant
    with runtime.doors.tenant_scope(tenant.id, read_only=True) as session:
        rows = session.execute(select(CustomerRecord.customer_id, CustomerRecord.external_id))
        names = {row.customer_id: row.external_id for row in rows}
    manifest = snapshots.take(runtime, tenant.id)
    with (
        written("retailer", "misspecified", 300, company=company) as known,
        open_frames(runtime, tenant, manifest, threads=1, memory_mb=512) as frames,
    ):
        here, there = matrix_at(known.frames, known.sets, cutoff), matrix_at(frames, known.sets, cutoff)
        ids = known.ids(here.ids)
    rows = {names[customer]: row for row, customer in enumerate(there.ids)}
    assert rows.keys() == set(ids)
    same = there.values[[rows[name] for name in ids]]
    for column, name in enumerate(here.names):
        np.testing.assert_allclose(same[:, column], here.values[:, column], rtol=1e-12, err_msg=name)


def test_a_training_leaves_one_version_per_model_and_a_score_per_customer(
    retailer: Customer, first: dict[str, Any], runtime: Runtime
) -> None:
    with runtime.doors.tenant_scope(retailer.tenant.id, read_only=True) as session:
        for task, least in (("churn", 150), ("clv", 300)):
            (row,) = of_task(session, task)
            assert row.state in ("champion", "baseline")
            assert (row.as_of, row.seed) == (ENDS, 1)
            found = session.execute(select(func.count(), func.max(Score.version)).where(Score.task == task)).one()
            assert found[0] >= least
            assert first[task]["sha256"] == row.sha256 != ""


def test_the_same_snapshot_and_seed_give_the_same_bytes(retailer: Customer, first: dict[str, Any], runtime: Runtime) -> None:
    again = retailer.train("churn", "clv")
    with runtime.doors.tenant_scope(retailer.tenant.id, read_only=True) as session:
        assert {row.snapshot for row in of_task(session, "churn")} == {of_task(session, "churn")[0].snapshot}
    for task in ("churn", "clv"):
        assert again[task]["sha256"] == first[task]["sha256"]
        assert again[task]["version"] > first[task]["version"]


def test_a_training_asked_for_twice_at_once_is_one_job(retailer: Customer, runtime: Runtime) -> None:
    with runtime.doors.tenant_scope(retailer.tenant.id) as session:
        first = service.ask_training(session, None, ["clv"])
        assert service.ask_training(session, None, ["clv"]).id == first.id
    with runtime.doors.tenant_scope(retailer.tenant.id) as session:
        session.delete(session.get_one(Job, (retailer.tenant.id, first.id)))


def test_one_flipped_byte_is_refused_before_anything_reads_it(runtime: Runtime, tenant: TenantContext) -> None:
    data = json.dumps({"kith_model": "clv", "weight": 1}).encode()
    for place in (0, len(data) // 2, len(data) - 1):
        with runtime.doors.tenant_scope(tenant.id) as session:
            row = saved(session, runtime, shipped(data))
            assert versions.artefact(session, row, runtime.model_key) == data
            flipped = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
            session.execute(update(ModelVersion).where(ModelVersion.id == row.id).values(artefact=flipped))
            session.expire_all()
            with pytest.raises(Tampered, match="train it again"):
                versions.artefact(session, row, runtime.model_key)


def test_a_flipped_hash_a_foreign_key_and_another_version_are_refused(runtime: Runtime, tenant: TenantContext) -> None:
    with runtime.doors.tenant_scope(tenant.id) as session:
        one, two = saved(session, runtime, shipped(b"one")), saved(session, runtime, shipped(b"two"))
        with pytest.raises(Tampered):
            versions.artefact(session, one, "a key of another installation")
        taken = {name: getattr(two, name) for name in ("sha256", "hmac")} | {"artefact": b"two"}
        session.execute(update(ModelVersion).where(ModelVersion.id == one.id).values(**taken))
        session.expire_all()
        with pytest.raises(Tampered):
            versions.artefact(session, one, runtime.model_key)


def test_another_companys_model_is_refused(runtime: Runtime, tenant: TenantContext, other_tenant: TenantContext) -> None:
    with runtime.doors.tenant_scope(tenant.id) as session:
        theirs = saved(session, runtime, shipped(b"theirs"))
        taken = {"artefact": b"theirs", "sha256": theirs.sha256, "hmac": theirs.hmac}
    with runtime.doors.tenant_scope(other_tenant.id) as session:
        ours = saved(session, runtime, shipped(b"ours"))
        assert ours.version == theirs.version
        session.execute(update(ModelVersion).where(ModelVersion.id == ours.id).values(**taken))
        session.expire_all()
        with pytest.raises(Tampered):
            versions.artefact(session, ours, runtime.model_key)


def test_a_horizon_is_not_read_from_a_model_that_was_changed(customer_like: NewCustomer, runtime: Runtime) -> None:
    company = simulate("retailer", regime="well_specified", customers=600, years=2.0, seed=7, ends_on=ENDS)
    shop = customer_like(company)
    shop.bring(company, ("customers", "orders"))
    assert shop.train("clv")["clv"]["state"] == "champion"
    month, year = (ahead(runtime, shop.tenant, "clv", days) for days in (30, 365))
    assert all(year[customer]["value"] >= found["value"] >= 0 for customer, found in month.items())
    with runtime.doors.tenant_scope(shop.tenant.id) as session:
        row = versions.champion(session, "clv")
        assert row is not None
        changed = versions.artefact(session, row, runtime.model_key).replace(b'"r": ', b'"r": 1')
        session.execute(update(ModelVersion).where(ModelVersion.id == row.id).values(artefact=changed))
    with pytest.raises(Tampered):
        ahead(runtime, shop.tenant, "clv", 30)


def test_a_new_champion_takes_over_and_the_old_one_can_come_back_in_one_transaction(
    runtime: Runtime, tenant: TenantContext
) -> None:
    def states(session: Session) -> list[str]:
        return [row.state for row in of_task(session, "churn")]

    with runtime.doors.tenant_scope(tenant.id) as session:
        first = saved(session, runtime, shipped(b"one"))
    with pytest.raises(ZeroDivisionError), runtime.doors.tenant_scope(tenant.id) as session:
        saved(session, runtime, shipped(b"two"))
        assert states(session) == ["retired", "champion"]
        raise ZeroDivisionError
    with runtime.doors.tenant_scope(tenant.id) as session:
        assert states(session) == ["champion"], "what failed swapped nothing"
        saved(session, runtime, shipped(b"two"))
        poor = saved(session, runtime, replace(shipped(b"three"), ships=False, verdict="no_better_than_baseline"))
        none = saved(session, runtime, Trained(ships=False, verdict="empty"))
        assert states(session) == ["retired", "champion", "baseline", "not_trained"]
    with runtime.doors.tenant_scope(tenant.id) as session:
        versions.promote(session, session.get_one(ModelVersion, (tenant.id, first.id)))
        assert states(session) == ["champion", "retired", "baseline", "not_trained"]
        for row in (poor, none):
            with pytest.raises(Conflict, match="never served"):
                versions.promote(session, session.get_one(ModelVersion, (tenant.id, row.id)))


def test_where_a_later_training_is_no_better_the_rule_takes_over_from_the_champion(
    runtime: Runtime, tenant: TenantContext
) -> None:
    ruled = Scored(customer_ids=np.array([1]), values=np.array([0.2]), tier="rule")
    with runtime.doors.tenant_scope(tenant.id) as session:
        first = saved(session, runtime, shipped(b"one"))
        saved(session, runtime, replace(shipped(b"two"), ships=False, verdict="no_better_than_baseline", scored=ruled))
        assert versions.champion(session, "churn") is None
        versions.promote(session, first)
        assert versions.champion(session, "churn") is first


def test_scores_are_written_only_where_they_changed(runtime: Runtime, tenant: TenantContext) -> None:
    def keep(*values: float) -> dict[int, dt.datetime]:
        scored = Scored(customer_ids=np.arange(1, len(values) + 1), values=np.array(values), tier="rule")
        with runtime.doors.tenant_scope(tenant.id) as session:
            scores.keep(session, "churn", scored, version=1, as_of=ENDS)
        with runtime.doors.tenant_scope(tenant.id, read_only=True) as session:
            return {row.customer_id: row.changed_at for row in session.execute(select(Score.customer_id, Score.changed_at))}

    first = keep(0.1, 0.2, 0.3)
    assert keep(0.1, 0.2, 0.3) == first
    second = keep(0.1, 0.25, 0.3)
    assert {customer for customer in first if second[customer] != first[customer]} == {2}


def test_thirty_customers_are_told_exactly_what_is_missing(customer_like: NewCustomer, runtime: Runtime) -> None:
    company = simulate("retailer", regime="misspecified", customers=30, years=3.0, seed=7, ends_on=ENDS)
    small = customer_like(company)
    small.bring(company, ("customers", "orders"))
    models = small.train()
    assert (models["churn"]["verdict"], models["churn"]["verdict_params"]["needed"]) == ("too_few_customers", 50)
    assert 0 < models["churn"]["verdict_params"]["found"] < 30
    assert models["clv"]["verdict"] == "too_few_repeat_buyers"
    assert (models["clv"]["verdict_params"]["found"], models["clv"]["verdict_params"]["needed"]) == (30, 100)
    said = verdicts.sentence(models["clv"]["verdict"], models["clv"]["verdict_params"])
    assert "30 customers bought on more than one day and 100 are needed" in said
    assert "each customer's last twelve months towards the mean of all" in said
    with runtime.doors.tenant_scope(small.tenant.id, read_only=True) as session:
        assert set(session.execute(select(Score.tier)).scalars()) == {"rule"}


def test_a_company_without_data_is_told_to_import(customer_like: NewCustomer, company: Company, runtime: Runtime) -> None:
    empty = customer_like(company)
    models = empty.train()
    for task in ("churn", "clv"):
        assert (models[task]["verdict"], models[task]["state"]) == ("empty", "not_trained")
    with runtime.doors.tenant_scope(empty.tenant.id, read_only=True) as session:
        assert session.execute(select(func.count()).select_from(Score)).scalar_one() == 0
    assert "Import orders first" in verdicts.sentence("empty", {})


def test_a_few_hundred_customers_get_the_smaller_model(first: dict[str, Any]) -> None:
    assert 50 <= first["churn"]["metrics"]["training_positives"] < 200
    assert first["churn"]["tier"] == "logistic"


def test_where_nobody_left_of_late_the_rule_serves_and_nothing_breaks(written: Written) -> None:
    """60 customers left long ago and 140 never: there is much to learn, but the months that set the scale know one outcome."""
    company = simulate("retailer", regime="misspecified", customers=200, years=3.0, seed=7, ends_on=ENDS)
    days = pl.datetime_range(pl.datetime(2023, 7, 10, 9), pl.datetime(2026, 6, 20, 9), "15d", eager=True)
    visits = (
        pl.DataFrame({"customer_id": company.truth.customer_ids})
        .with_row_index("who")
        .join(pl.DataFrame({"at": days}), how="cross")
    )
    visits = visits.filter((pl.col("who") >= 60) | (pl.col("at") < pl.datetime(2025, 1, 1))).with_row_index("order")
    like = company.tables["orders"].head(1).drop("order_id", "customer_id", "ordered_at")
    orders = visits.select(pl.format("V{}", "order").alias("order_id"), "customer_id", ordered_at="at").join(like, how="cross")
    tables = {name: rows for name, rows in company.tables.items() if name in ("customers", "products")}
    with written("retailer", "misspecified", 200, company=company, tables={**tables, "orders": orders}) as known:
        trained = classify.train(CHURN, known.evidence)
    assert (trained.ships, trained.verdict) == (False, "one_class")
    assert trained.scored is not None, "the rule serves all the same"


def test_a_model_reads_what_another_says_only_while_that_serves(runtime: Runtime, tenant: TenantContext) -> None:
    with runtime.doors.tenant_scope(tenant.id) as session:
        session.add(Score(task="churn", customer_id=1, value=0.5, band=1, tier="rule", as_of=ENDS, version=1))
        session.flush()
        assert scores.serving(session, "churn") == {}
        saved(session, runtime, shipped())
        assert scores.serving(session, "churn") == {1: 0.5}
        assert scores.serving(session, "uplift") == {}


def test_written_scores_say_a_kind_in_words(runtime: Runtime, tenant: TenantContext) -> None:
    with runtime.doors.tenant_scope(tenant.id) as session:
        known = []
        for name in ("A1", "A2"):
            customer = Person(name=name)
            record = CustomerRecord(source="shop", external_id=name, known_at=dt.datetime.now(dt.UTC))
            session.add_all([customer, record])
            session.flush()
            record.customer_id = customer.id
            known.append(customer.id)
        base = {"task": "leaving_reason", "band": 1, "as_of": ENDS, "version": 1}
        own = {"price": 0.6, "moved": 0.4, "reason": 4.0}
        session.add(Score(**base, customer_id=known[0], value=0.6, tier="multiclass", extra=own))
        session.add(Score(**base, customer_id=known[1], value=0.5, tier="rule", extra={"price": 0.5, "moved": 0.5}))
        told = {"as_of": ENDS, "watermark": dt.datetime.now(dt.UTC), "snapshot": "", "seed": 1, "key": runtime.model_key}
        versions.save(session, "leaving_reason", shipped(), **told)
    header, rows = listing.scores(runtime, tenant, "leaving_reason")
    place = header.index("reason")
    assert [(row[0], row[place], row[header.index("price")]) for row in rows] == [("A1", "price", 0.6), ("A2", "", 0.5)]
    assert rows[0][header.index("bankruptcy")] is None
