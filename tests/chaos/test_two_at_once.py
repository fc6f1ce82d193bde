"""Two companies train at once on real workers: each gets the models of its own data, as if it had been alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from known_companies import Customer
from sample_processes import Site, look, until
from sqlalchemy import select

from kith_platform.customers.models import Customer as CustomerRow
from kith_platform.jobs.models import Job
from kith_platform.predict import service
from kith_platform.predict.models import ModelVersion, Score
from kith_platform.runtime import Runtime
from kith_platform.simulator import simulate
from kith_tenants.tenant import TenantContext

MODELS = ("clv",)


def shop(runtime: Runtime, new_tenant: Callable[..., TenantContext], seed: int, folder: Path) -> Customer:
    company = simulate("retailer", regime="misspecified", customers=300, years=3.0, seed=seed, ends_on=dt.date(2026, 6, 30))
    tenant = new_tenant(industry=company.industry, currency=company.currency, timezone=company.time_zone)
    made = Customer(runtime, tenant, folder)
    made.bring(company, ("customers", "orders"))
    return made


def sealed(shop: Customer, job: Job) -> dict[str, str]:
    """By task the hash of what the job has trained."""
    with shop.runtime.doors.tenant_scope(shop.tenant.id, read_only=True) as session:
        rows = session.execute(select(ModelVersion).where(ModelVersion.job_id == job.id))
        return {row.task: row.sha256 for row in rows.scalars()}


def test_two_companies_that_train_at_once_get_each_its_own_models(
    runtime: Runtime, site: Site, new_tenant: Callable[..., TenantContext], tmp_path: Path
) -> None:
    shops = [shop(runtime, new_tenant, seed, tmp_path / str(seed)) for seed in (7, 8)]
    asked = []
    for one in shops:
        with runtime.doors.tenant_scope(one.tenant.id) as session:
            asked.append(service.ask_training(session, None, MODELS))
    for words in (("worker", "train"), ("worker", "train"), ("dispatcher",)):
        site.start(*words)
    until(
        "both are over",
        lambda: all(look(runtime, job.tenant_id, job.id).finished_at is not None for job in asked),
        seconds=300,
    )
    site.close()
    for one, job in zip(shops, asked, strict=True):
        assert look(runtime, job.tenant_id, job.id).state == "done"
        found = sealed(one, job)
        assert set(found) == set(MODELS)
        with runtime.doors.tenant_scope(one.tenant.id, read_only=True) as session:
            own = set(session.execute(select(CustomerRow.id)).scalars())
            assert len(scored := set(session.execute(select(Score.customer_id)).scalars())) > 0
            assert scored <= own
        again = {task: said["sha256"] for task, said in one.train(*MODELS).items()}
        assert found == again, "alone it is the same"
    first, second = (sealed(shop, job) for shop, job in zip(shops, asked, strict=True))
    assert "" not in (first["clv"], second["clv"])
    assert first["clv"] != second["clv"]
