"""A company whose customers come by import, and jobs that run in this process."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.auth.permissions import of_role
from kith_platform.customers.models import Customer
from kith_platform.facts.models import CustomerRecord
from kith_platform.imports import service as imports
from kith_platform.imports import uploads
from kith_platform.jobs import service as jobs
from kith_platform.jobs.child import run_job
from kith_platform.jobs.models import Job
from kith_platform.refresh import service as refresh
from kith_platform.runtime import Runtime
from kith_tenants.context import Actor
from kith_tenants.tenant import TenantContext


class Company:
    """A tenant with customers. `actor` may do everything."""

    def __init__(self, runtime: Runtime, tenant: TenantContext, folder: Path) -> None:
        self.runtime, self.tenant, self.folder = runtime, tenant, folder
        self.actor = Actor(None, None, "Olga", "owner", of_role("owner"))

    @contextmanager
    def session(self) -> Iterator[Session]:
        with self.runtime.doors.tenant_scope(self.tenant.id) as session:
            yield session

    def load(self, table: str, text: str, *, source: str = "file") -> dict[str, Any]:
        path = self.folder / f"{table}.csv"
        path.write_text(text, "utf-8")
        blobs = self.runtime.blobs.of(self.tenant.id)
        with path.open("rb") as stream:
            kept = uploads.keep_file(blobs, stream)
        with self.session() as session:
            seen = imports.look(session, self.runtime.facts, blobs, kept[0], table, source=source)
            _row, job = imports.start(session, None, table=table, source=source, file_name=path.name, kept=kept, seen=seen)
        return self.run(job)

    def run(self, job: Job) -> dict[str, Any]:
        """Run the job here; its result."""
        run_job(self.runtime, self.tenant.id, job.id, unrouted=True)
        with self.session() as session:
            row = session.execute(select(Job).where(Job.id == job.id)).scalar_one()
        assert row.state == "done", (row.error, row.error_params)
        return dict(row.result or {})

    def find(self) -> dict[str, Any]:
        with self.session() as session:
            job = jobs.ask(session, "duplicates.find", {}, dedupe_key="duplicates.find")
        return self.run(job)

    def refresh(self) -> dict[str, str]:
        """State per step."""
        with self.session() as session:
            job = refresh.ask_refresh(session)
        return {step["name"]: step["state"] for step in self.run(job)["steps"]}

    def homes(self) -> dict[str, str]:
        """Which customer each record belongs to now: external id → the customer's first record's external id."""
        with self.session() as session:
            rows = session.execute(select(CustomerRecord.id, CustomerRecord.external_id, CustomerRecord.customer_id)).all()
            named = {row.id: row.external_id for row in rows}
            first = {row.id: row.first_record_id for row in session.execute(select(Customer.id, Customer.first_record_id))}
            return {row.external_id: named[first[row.customer_id]] for row in rows}

    def customer(self, external_id: str) -> uuid.UUID:
        """The public id of the customer that was made for a record."""
        with self.session() as session:
            made = select(Customer.public_id).join(CustomerRecord, CustomerRecord.id == Customer.first_record_id)
            return session.execute(made.where(CustomerRecord.external_id == external_id)).scalar_one()
