"""A company into which tests import files of customers, and whose attributes they make as an owner does."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import select

from kith_platform.attributes import service
from kith_platform.attributes.kinds import Column
from kith_platform.auth.permissions import OWNER, of_role
from kith_platform.auth.who import system
from kith_platform.customers.models import Attribute, Customer
from kith_platform.facts.models import AttributeChange, CustomerRecord
from kith_platform.imports import service as imports
from kith_platform.imports import uploads
from kith_platform.imports.models import Import
from kith_platform.jobs.child import run_job
from kith_platform.jobs.models import Job
from kith_platform.runtime import Runtime
from kith_tenants.context import Actor
from kith_tenants.tenant import TenantContext

OWNER_ACTOR = Actor(None, None, "owner", OWNER, of_role(OWNER))


class Company:
    def __init__(self, runtime: Runtime, tenant: TenantContext, folder: Path) -> None:
        self.runtime, self.tenant, self.folder = runtime, tenant, folder
        self.actor = OWNER_ACTOR

    def writing(self) -> Any:
        return self.runtime.doors.tenant_scope(self.tenant.id)

    def reading(self) -> Any:
        return self.runtime.doors.tenant_scope(self.tenant.id, read_only=True)

    def load(self, text: str, *, source: str = "shop", table: str = "customers") -> dict[str, Any]:
        """Import a file; the job's result."""
        path = self.folder / f"{uuid.uuid4().hex}.csv"
        path.write_text(text, encoding="utf-8")
        blobs = self.runtime.blobs.of(self.tenant.id)
        with path.open("rb") as stream:
            kept = uploads.keep_file(blobs, stream)
        with self.writing() as session:
            seen = imports.look(session, self.runtime.facts, blobs, kept[0], table, source=source)
            _row, job = imports.start(session, None, table=table, source=source, file_name=path.name, kept=kept, seen=seen)
        done = self.run(job.id)
        assert done.state == "done", (done.error, done.error_params)
        return dict(done.result or {})

    def undo(self) -> Job:
        """Take the newest import back."""
        with self.writing() as session:
            row = session.execute(select(Import).order_by(Import.id.desc()).limit(1)).scalar_one()
            job = imports.ask_undo(session, system(), row, self.runtime.facts)
        return self.run(job.id)

    def keep(self, column: str, kind: str, *, source: str = "shop", **given: Any) -> str:
        """Keep a column as an attribute and fill it; its key."""
        with self.writing() as session:
            wanted = {"label": column, "kind": kind, "columns": [Column(source, column)], **given}
            key = service.create(session, self.actor, wanted).key
        self.work()
        return key

    def change(self, key: str, **given: Any) -> None:
        with self.writing() as session:
            service.change(session, self.actor, service.get(session, key), given)
        self.work()

    def run(self, job_id: int) -> Job:
        run_job(self.runtime, self.tenant.id, job_id, unrouted=True)
        with self.reading() as session:
            found: Job = session.execute(select(Job).where(Job.id == job_id)).scalar_one()
            return found

    def work(self) -> None:
        """Run the attributes' own jobs that wait."""
        with self.reading() as session:
            waiting = select(Job.id).where(Job.kind.in_(["attributes.fill", "attributes.forget"]), Job.finished_at.is_(None))
            ids = session.execute(waiting.order_by(Job.id)).scalars().all()
        for job_id in ids:
            done = self.run(job_id)
            assert done.state == "done", (done.error, done.error_params)

    def shown(self) -> dict[str, dict[str, Any]]:
        """What customers show, by the id of a record of theirs."""
        statement = select(CustomerRecord.external_id, Customer.attributes).join(
            Customer, Customer.id == CustomerRecord.customer_id
        )
        with self.reading() as session:
            return {row[0]: row[1] for row in session.execute(statement)}

    def changes(self) -> list[tuple[Any, ...]]:
        columns = (AttributeChange.attribute, AttributeChange.value, AttributeChange.known_at)
        with self.reading() as session:
            return [tuple(row) for row in session.execute(select(*columns).order_by(AttributeChange.known_at))]

    def attribute(self, key: str) -> Attribute:
        with self.reading() as session:
            return service.get(session, key)


def series(*texts: str | None) -> pl.Series:
    return pl.Series(list(texts), dtype=pl.String)
