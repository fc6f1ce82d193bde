"""`kith jobs list|show|cancel|retry`."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import click

from kith_platform.cli.root import Console, command
from kith_platform.jobs.states import DISPATCHED, QUEUED, STATES

if TYPE_CHECKING:
    from kith_platform.jobs.models import Job

COLUMNS = ("id", "kind", "state", "attempt", "done", "total", "created_at", "message")


@click.group("jobs")
def jobs() -> None:
    """See, cancel and retry a company's jobs."""


@command("list")
@click.argument("tenant")
@click.option("--state", type=click.Choice([state for state in STATES if state != DISPATCHED]))
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
def listing(console: Console, tenant: str, state: str | None, limit: int) -> None:
    """Jobs, newest first."""
    from kith_platform.auth.who import system
    from kith_platform.jobs import service

    states = (QUEUED, DISPATCHED) if state == QUEUED else (state,) if state else ()
    company = console.tenant(tenant)
    with console.runtime.doors.tenant_scope(company.id, read_only=True) as session:
        found = [document(row) for row in service.listing(session, system(), states=states, limit=limit)]
    lines = ["\t".join(str(job[column]) for column in COLUMNS) for job in found]
    console.answer({"jobs": found}, "\n".join(["\t".join(COLUMNS), *lines]))


@command("show")
@click.argument("tenant")
@click.argument("job", type=click.UUID)
def show(console: Console, tenant: str, job: uuid.UUID) -> None:
    """One job."""
    _one(console, tenant, job, "get")


@command("cancel")
@click.argument("tenant")
@click.argument("job", type=click.UUID)
def cancel(console: Console, tenant: str, job: uuid.UUID) -> None:
    """Cancel a job: at once while it waits, else at its next step."""
    _one(console, tenant, job, "cancel")


@command("retry")
@click.argument("tenant")
@click.argument("job", type=click.UUID)
def retry(console: Console, tenant: str, job: uuid.UUID) -> None:
    """Queue a failed or cancelled job again."""
    _one(console, tenant, job, "retry")


def _one(console: Console, tenant: str, job: uuid.UUID, verb: str) -> None:
    from kith_platform.auth.who import system
    from kith_platform.jobs import service

    company = console.tenant(tenant)
    with console.runtime.doors.tenant_scope(company.id) as session:
        found = document(getattr(service, verb)(session, system(), job))
    console.answer(found)


def document(row: Job) -> dict[str, Any]:
    """A job as the command line shows it; times in UTC."""
    from kith_platform.jobs.shown import shown

    words = shown(row)
    return {
        "id": words.id,
        "kind": row.kind,
        "queue": row.queue,
        "state": words.state,
        "attempt": row.attempt,
        "done": words.done,
        "total": words.total,
        "message": words.message,
        "error_code": row.error_code,
        "created_at": row.created_at,
        "started_at": row.started_at,
        "finished_at": row.finished_at,
        "result": row.result,
        "cancel_requested": row.cancel_requested,
    }


for one in (listing, show, cancel, retry):
    jobs.add_command(one)

COMMANDS = (jobs,)
