"""A company that asks questions of its own, with a table of visits by known customers."""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kith_platform.customers.models import Attribute, Customer
from kith_platform.facts.models import CustomerRecord, SalesOrder
from kith_platform.imports import uploads
from kith_platform.jobs.child import run_job
from kith_platform.jobs.models import Job
from kith_platform.labelled import questions, service
from kith_platform.labelled.models import LabelledSet, OwnQuestion
from kith_platform.runtime import Runtime
from kith_tenants import registry
from kith_tenants.tenant import TenantContext

COUNTS = ("read", "inserted", "updated", "unchanged", "duplicate", "rejected")


def visits(lines: int = 900, *, seed: int = 5) -> str:
    """Lines of customers on days, the outcome by two columns of three, and columns that no model should see."""
    random = np.random.default_rng(seed)
    out = ["customer_id,as_of,visits,plan,shoe size,religion,cancelled_on,left"]
    for at in range(lines):
        seen, plan, size = random.poisson(3), random.choice(["basic", "plus", "pro"]), random.integers(36, 46)
        odds = -0.4 - 0.6 * (seen - 3) + (plan == "basic") * 0.9
        left = random.random() < 1 / (1 + np.exp(-odds))
        month = 1 + at * 9 // lines
        gone = f"2025-{month + 2:02}-10" if left and at % 2 else ""
        said = "yes" if left else "no"
        label = said if at < lines - 10 else ""
        out.append(f"C{at % 400},2025-{month:02}-{1 + at % 28:02},{seen},{plan},{size},{'abc'[at % 3]},{gone},{label}")
    return "\n".join(out) + "\n"


class Desk:
    """A tenant whose jobs run in this process."""

    def __init__(self, runtime: Runtime, tenant: TenantContext, folder: Path) -> None:
        self.runtime, self.tenant, self.folder = runtime, tenant, folder
        self.blobs = runtime.blobs.of(tenant.id)

    visits = staticmethod(visits)

    def do(self, what: Callable[[Session], Any]) -> Any:
        with self.runtime.doors.tenant_scope(self.tenant.id) as session:
            return what(session)

    def ask_load(self, text: str | Path, name: str, **given: str) -> Job:
        path = text if isinstance(text, Path) else self.folder / f"{name}.csv"
        if isinstance(text, str):
            path.write_text(text, encoding="utf-8")
        with path.open("rb") as stream:
            kept = uploads.keep_file(self.blobs, stream)
        found: Job = self.do(lambda session: service.ask_load(session, None, self.blobs, kept, path.name, name=name, **given))
        return found

    def load(self, text: str | Path, name: str, **given: str) -> dict[str, Any]:
        result = dict(self.run(self.ask_load(text, name, **given)).result or {})
        assert result["read"] == sum(result[key] for key in COUNTS[1:])
        return result

    def ask(self, outcome: str, **given: Any) -> Job:
        job: Job = self.do(lambda session: questions.ask(session, None, self.blobs, outcome, **given)[1])
        return job

    def train(self, outcome: str, **given: Any) -> dict[str, Any]:
        told: dict[str, Any] = (self.run(self.ask(outcome, **given)).result or {})["question"]
        return told

    def run(self, asked: Job) -> Job:
        run_job(self.runtime, self.tenant.id, asked.id, unrouted=True)
        done: Job = self.do(lambda session: session.get_one(Job, (self.tenant.id, asked.id)))
        assert done.state == "done", (done.error, done.error_params)
        return done

    def table(self, name: str) -> LabelledSet:
        found: LabelledSet = self.do(lambda session: service.by_name(session, name))
        return found

    def count(self, table: Any, *where: Any) -> int:
        number: int = self.do(lambda session: session.execute(select(func.count()).select_from(table).where(*where)).scalar_one())
        return number

    def scored(self, task: str) -> list[dict[str, str]]:
        """The lines of the file with everybody's chance."""
        blob = self.do(lambda session: session.execute(select(OwnQuestion.scored).where(OwnQuestion.task == task)).scalar_one())
        with self.blobs.open(blob) as stream:
            return list(csv.DictReader(io.StringIO(stream.read().decode("utf-8-sig"))))


@pytest.fixture(scope="module")
def desk(runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    with runtime.doors.auth_scope() as session:
        tenant = registry.create(session, f"l-{os.getpid()}-{secrets.token_hex(3)}", name="Labelled company")
    return Desk(runtime, tenant, tmp_path_factory.mktemp("files"))


@pytest.fixture
def desk_of(runtime: Runtime, tmp_path: Path) -> Callable[[TenantContext], Desk]:
    """A desk of another company."""
    return partial(_desk_of, runtime, tmp_path)


def _desk_of(runtime: Runtime, folder: Path, tenant: TenantContext) -> Desk:
    return Desk(runtime, tenant, folder)


@pytest.fixture(scope="module")
def visited(desk: Desk) -> dict[str, Any]:
    """Lines of customers, 300 of them known."""

    def base(session: Session) -> None:
        for at in range(300):
            customer = Customer(name=f"Customer {at}", attributes={"shirt": "blue" if at % 3 else "red", "age": at % 60})
            session.add(customer)
            session.flush()
            session.add(CustomerRecord(source="file", external_id=f"C{at}", customer_id=customer.id))

    desk.do(base)
    return desk.load(visits(), "visits")


@pytest.fixture
def boats(desk_of: Callable[[TenantContext], Desk], tenant: TenantContext) -> Desk:
    """A company of 400 customers of whom it knows whether they have a boat, and two attributes that tell something of it."""
    desk, random = desk_of(tenant), np.random.default_rng(3)

    def base(session: Session) -> None:
        session.add(Attribute(key="boat", label="Has a boat", kind="boolean"))
        for key, label in (("yard", "Yard (m)"), ("garage", "Garage (m)")):
            session.add(Attribute(key=key, label=label, kind="number"))
        for at in range(400):
            size = float(random.normal(10, 3))
            held = {
                "yard": round(size + float(random.normal(0, 1.5)), 1),
                "garage": round(size + float(random.normal(0, 1.5)), 1),
            }
            customer = Customer(
                name=f"Customer {at}", attributes={**held, "boat": bool(random.random() < 1 / (1 + np.exp(10 - size)))}
            )
            session.add(customer)
            session.flush()
            record = CustomerRecord(source="file", external_id=f"C{at}", customer_id=customer.id)
            session.add(record)
            session.flush()
            day = dt.datetime(2026, 1, 1 + at % 20, tzinfo=dt.UTC)
            when = {"occurred_at": day, "occurred_on": day.date(), "known_at": day}
            session.add(SalesOrder(source="file", external_id=str(at), record_id=record.id, currency="USD", net=10, **when))

    desk.do(base)
    return desk
