"""`python -m kith_platform.demo.load KEY`: bring one demo company in, in a process of its own, saying in words how far it is.

Safe to run again: a company that is whole is left alone, one that is half is finished.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from kith_platform import logs
from kith_platform.auth import service as auth
from kith_platform.auth.who import system
from kith_platform.config import Settings
from kith_platform.demo.agree import agree
from kith_platform.demo.companies import SEED, companies
from kith_platform.errors import KithError, fill
from kith_platform.i18n import N_
from kith_platform.imports import service as imports
from kith_platform.imports import uploads
from kith_platform.jobs.child import run_job
from kith_platform.jobs.models import DONE, Job
from kith_platform.modules import service as modules
from kith_platform.predict import service as predict
from kith_platform.predict import versions
from kith_platform.refresh import service as refresh
from kith_platform.runtime import Runtime, open_runtime
from kith_platform.sdk.types import DemoCompany
from kith_platform.servers.home import Home
from kith_tenants import registry
from kith_tenants.tenant import TenantContext

OWNER = "demo@kith.example"
SOURCE = "demo"
Say = Callable[[str], None]


class DemoFailed(KithError):
    """A step of a demo company did not finish."""

    code = "demo_failed"
    default = N_("The demo company %(company)s: %(what)s did not finish: %(error)s")


def password(settings: Settings) -> str:
    """The demo's password, made once for this home."""
    return Home(settings.home).secret("demo_password")[:20]


def name_of(company: DemoCompany) -> str:
    """Its names in all languages, each once."""
    return " · ".join(dict.fromkeys(company.names.values()))


def bring_in(runtime: Runtime, company: DemoCompany, say: Say) -> None:
    """Tenant, owner, modules, files, models, results. Raises DemoFailed with what went wrong."""
    started = time.monotonic()
    tenant = _tenant(runtime, company)
    if _whole(runtime, tenant):
        say(f"{name_of(company)}: here already")
        return
    with tempfile.TemporaryDirectory(prefix="kith-demo-") as folder:
        say(f"{name_of(company)}: making up three years of customers")
        for table, counts in load_files(runtime, tenant, company.write(Path(folder), SEED)):
            say(f"{name_of(company)}: {counts['read']:,} {table.replace('_', ' ')}")
    say(f"{name_of(company)}: training its models")

    def train(session: Session) -> Job:
        return predict.ask_training(session, None, known=predict.tasks(session, runtime.plugins))

    _run(runtime, tenant, "training", train)
    say(f"{name_of(company)}: computing its numbers")
    _run(runtime, tenant, "refresh", refresh.ask_refresh)
    with runtime.doors.tenant_scope(tenant.id) as session:
        signed = agree(session, runtime.plugins)
    say(f"{name_of(company)}: judging it by {signed} success criteria")
    _run(runtime, tenant, "refresh", refresh.ask_refresh)
    say(f"{name_of(company)}: ready after {time.monotonic() - started:.0f} seconds")


def _tenant(runtime: Runtime, company: DemoCompany) -> TenantContext:
    with runtime.doors.auth_scope() as session:
        known = [one for one in registry.every(session) if one.slug == company.slug]
        tenant = (
            known[0]
            if known
            else registry.create(
                session,
                company.slug,
                name=name_of(company),
                industry=company.industry,
                language=company.language,
                currency=company.currency,
                timezone=company.timezone,
            )
        )
        owner = auth.add_owner(session, runtime, tenant, OWNER, password(runtime.settings), "Demo", "en")
    auth.settle_in(runtime, tenant, owner)
    with runtime.doors.tenant_scope(tenant.id) as session:
        for module in company.modules:
            if module in runtime.plugins.loaded:
                modules.enable(session, system(), runtime.plugins, module)
    return tenant


def _whole(runtime: Runtime, tenant: TenantContext) -> bool:
    with runtime.doors.tenant_scope(tenant.id, read_only=True) as session:
        return all(versions.latest(session, task) is not None for task in predict.TASKS)


def load_files(
    runtime: Runtime, tenant: TenantContext, files: Iterable[tuple[str, Path]]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Import file after file; each table's plural and what its import says of its lines. Raises DemoFailed."""
    for table, path in files:
        yield table, _import(runtime, tenant, table, path)


def _import(runtime: Runtime, tenant: TenantContext, table: str, path: Path) -> Mapping[str, Any]:
    blobs = runtime.blobs.of(tenant.id)
    with path.open("rb") as stream:
        kept = uploads.keep_file(blobs, stream)

    def ask(session: Session) -> Job:
        seen = imports.look(session, runtime.facts, blobs, kept[0], table, source=SOURCE)
        return imports.start(session, None, table=table, source=SOURCE, file_name=path.name, kept=kept, seen=seen)[1]

    return _run(runtime, tenant, table, ask).result or {}


def _run(runtime: Runtime, tenant: TenantContext, what: str, ask: Callable[[Session], Job]) -> Job:
    """Ask for a job and run it here, as a worker would."""
    with runtime.doors.tenant_scope(tenant.id) as session:
        asked = ask(session)
    while True:
        run_job(runtime, tenant.id, asked.id, unrouted=True)
        with runtime.doors.tenant_scope(tenant.id, read_only=True) as session:
            row = session.get_one(Job, (tenant.id, asked.id))
        if row.finished_at is not None:
            break
        time.sleep(0.5)  # somebody else runs it, or it waits for its next attempt
    if row.state != DONE:
        error = fill(row.error or row.state, row.error_params or {})
        raise DemoFailed(company=tenant.name, what=what, error=error)
    return row


def main(key: str) -> int:
    settings = Settings.from_environment()
    logs.configure("warning", as_json=False)
    runtime = open_runtime(settings)
    try:
        chosen = next(company for company in companies(runtime.plugins) if company.key == key)
        bring_in(runtime, chosen, lambda words: print(f"› {words}", flush=True))  # noqa: T201 - this process speaks to a person
    except DemoFailed as failed:
        print(f"kith: {failed}", file=sys.stderr)  # noqa: T201
        return 1
    finally:
        runtime.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
