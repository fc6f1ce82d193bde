"""A company whose facts come by import, whose metrics are computed from a snapshot, and whose values are read through the API."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.auth.who import system
from kith_platform.imports import service as imports
from kith_platform.imports import uploads
from kith_platform.imports.mapping import Field
from kith_platform.imports.mapping import Mapping as Columns
from kith_platform.jobs.child import run_job
from kith_platform.jobs.models import Job
from kith_platform.metrics.now import compute_now
from kith_platform.metrics.periods import of_text
from kith_platform.modules import service as modules
from kith_platform.plugins import Plugins
from kith_platform.runtime import Runtime
from kith_platform.snapshots import service as snapshots
from kith_tenants import registry
from kith_tenants.tenant import TenantContext

Row = Mapping[str, Any]


def switch_on(session: Session, plugins: Plugins, tenant: TenantContext, *only: str) -> None:
    """The modules a new company starts with, or `only` these: others' metrics would be computed for nothing."""
    for name in modules.enable_defaults(session, plugins, tenant.industry):
        if only and name not in only:
            modules.disable(session, system(), plugins, name)


class Vectors:
    """`bring` facts by their plural, `compute` a period, `read` a metric. Customers named in rows come to be by themselves.

    `only` names the modules that are on; none: those a new company starts with.
    """

    def __init__(self, runtime: Runtime, client: Callable[..., FlaskClient], *only: str, **given: str) -> None:
        self.runtime = runtime
        with runtime.doors.auth_scope() as session:
            self.tenant = registry.create(session, f"v-{uuid.uuid4().hex[:12]}", **{"name": "Vectors", **given})
        with runtime.doors.tenant_scope(self.tenant.id) as session:
            switch_on(session, runtime.plugins, self.tenant, *only)
        self.client = client(self.tenant)

    def bring(self, table: str, rows: Sequence[Row]) -> None:
        """Import rows as a file. Keys are the fact's columns, `id` and `customer`; a column no row has is left out."""
        names = list(dict.fromkeys(name for row in rows for name in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        fact = self.runtime.facts.by_plural(table)
        fields = tuple(Field(name, f"{fact.name}.{'external_id' if name == 'id' else name}") for name in names)
        blobs = self.runtime.blobs.of(self.tenant.id)
        kept = uploads.keep_file(blobs, io.BytesIO(text.getvalue().encode()))
        wanted = Columns(table=table, fields=fields)
        with self.runtime.doors.tenant_scope(self.tenant.id) as session:
            seen = imports.look(session, self.runtime.facts, blobs, kept[0], table, source="file", mapping=wanted)
            name = f"{table}.csv"
            _row, job = imports.start(session, None, table=table, source="file", file_name=name, kept=kept, seen=seen)
        run_job(self.runtime, self.tenant.id, job.id, unrouted=True)
        with self.runtime.doors.tenant_scope(self.tenant.id, read_only=True) as session:
            done = session.execute(select(Job).where(Job.id == job.id)).scalar_one()
        assert done.state == "done", (done.error, done.error_params)
        made = dict(done.result or {})
        assert made["read"] == len(rows), made
        assert made["rejected"] == 0, made

    def set(self, module: str, **settings: str) -> None:
        """Fill in a module's settings as its form would."""
        answer = self.client.post(f"/c/{self.tenant.slug}/modules/{module}", data=settings)
        assert answer.status_code in {200, 302, 303}, answer.text

    def compute(self, *periods: str, grain: str = "tenant") -> None:
        """Take a snapshot of what was brought, and compute these periods with what they are compared with."""
        snapshots.take(self.runtime, self.tenant.id)
        asked = [of_text(period) for period in periods]
        compute_now(self.runtime, self.tenant, *asked, grain=grain, told=lambda _done, _total: None)

    def read(self, key: str, period: str, grain: str = "tenant", of: str = "") -> dict[str, Any]:
        """The metric as the API gives it."""
        asked = {"key": key, "period": period, "grain": grain, "of": of}
        answer = self.client.get("/api/v1/metrics", query_string=asked, headers={"X-Kith-Tenant": self.tenant.slug})
        assert answer.status_code == 200, answer.text
        [found] = (answer.get_json() or {})["metrics"]
        return dict(found)

    def units(self, key: str, period: str, grain: str) -> dict[str, dict[str, Any]]:
        """The metric of each unit of a grain, by the unit's name (or id, where it has none), as the API gives it."""
        address = f"/api/v1/metrics/{key}/units"
        asked = {"period": period, "grain": grain, "limit": 1000}
        answer = self.client.get(address, query_string=asked, headers={"X-Kith-Tenant": self.tenant.slug})
        assert answer.status_code == 200, answer.text
        return {one["of"]["name"] or one["of"]["id"]: one for one in (answer.get_json() or {})["metrics"]}
