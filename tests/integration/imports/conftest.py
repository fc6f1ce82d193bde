"""Files written by a test, and importing them as a job would."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from kith_platform.imports import service, uploads
from kith_platform.imports.mapping import Mapping
from kith_platform.jobs.child import run_job
from kith_platform.jobs.models import Job
from kith_platform.runtime import Runtime
from kith_tenants import registry
from kith_tenants.tenant import TenantContext

sys.path.insert(0, str(Path(__file__).parent))  # for bad_files


class Company:
    """A tenant into which a test imports small files, by jobs that run in this process."""

    def __init__(self, runtime: Runtime, tenant: TenantContext, folder: Path) -> None:
        self.runtime, self.tenant, self.folder = runtime, tenant, folder

    def ask(self, table: str, text: str | bytes, *, source: str = "file", mapping: Any = None, dry_run: bool = False) -> Job:
        """Ask for an import, with a mapping as JSON where given."""
        path = self.folder / f"{table}.csv"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        blobs = self.runtime.blobs.of(self.tenant.id)
        with path.open("rb") as stream:
            kept = uploads.keep_file(blobs, stream)
        wanted = Mapping.from_json(mapping) if mapping else None
        with self.runtime.doors.tenant_scope(self.tenant.id) as session:
            seen = service.look(session, self.runtime.facts, blobs, kept[0], table, source=source, mapping=wanted)
            _row, job = service.start(
                session, None, table=table, source=source, file_name=path.name, kept=kept, seen=seen, dry_run=dry_run
            )
        return job

    def run(self, job: Job) -> Job:
        """Run the job here; its row as it is afterwards."""
        run_job(self.runtime, self.tenant.id, job.id, unrouted=True)
        with self.runtime.doors.tenant_scope(self.tenant.id, read_only=True) as session:
            return session.execute(select(Job).where(Job.id == job.id)).scalar_one()

    def load(self, table: str, text: str | bytes, **options: Any) -> dict[str, Any]:
        """Import a file; the job's result, whose counts add up."""
        done = self.run(self.ask(table, text, **options))
        assert done.state == "done", (done.error, done.error_params)
        result = dict(done.result or {})
        assert result["read"] == sum(result[key] for key in ("inserted", "updated", "unchanged", "duplicate", "rejected"))
        return result

    def rows(self, fact: Any, *columns: str) -> list[tuple[Any, ...]]:
        """The named columns of every row, sorted."""
        with self.runtime.doors.tenant_scope(self.tenant.id, read_only=True) as session:
            found = session.execute(select(*(getattr(fact, name) for name in columns)))
            return sorted((tuple(row) for row in found), key=repr)

    def count(self, fact: Any) -> int:
        with self.runtime.doors.tenant_scope(self.tenant.id, read_only=True) as session:
            return session.execute(select(func.count()).select_from(fact)).scalar_one()


@pytest.fixture
def company(runtime: Runtime, tenant: TenantContext, tmp_path: Path) -> Company:
    return Company(runtime, tenant, tmp_path)


@pytest.fixture
def make_company(runtime: Runtime, tmp_path: Path) -> Callable[..., Company]:
    """Further companies, with settings of their own."""

    def make(**given: str) -> Company:
        with runtime.doors.auth_scope() as session:
            tenant = registry.create(session, f"t-{uuid.uuid4().hex[:12]}", **{"name": "Further company", **given})
        return Company(runtime, tenant, tmp_path)

    return make


@pytest.fixture(scope="module")
def open_company(runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Company]:
    """Companies that the tests of a module share."""

    def make() -> Company:
        with runtime.doors.auth_scope() as session:
            tenant = registry.create(session, f"t-{uuid.uuid4().hex[:12]}", name="Shared company")
        return Company(runtime, tenant, tmp_path_factory.mktemp("files"))

    return make
