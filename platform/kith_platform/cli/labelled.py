"""`kith import TENANT labelled` and `kith train TENANT --outcome`."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kith_platform.cli.root import Console

COUNTS = ("read", "inserted", "updated", "unchanged", "duplicate", "rejected")
FIELDS = ("model", "question", "metrics", "baseline", "verdict", "verdict_params", "warnings", "splits", "leaks", "left_out")


def bring(
    console: Console,
    tenant: str,
    file: Path,
    source: str,
    encoding: str | None,
    part: str,
    *,
    name: str,
    as_of: str,
    customer: str,
    wait: bool,
) -> None:
    """Take a file in as a labelled table; the same fields as other imports."""
    from kith_platform.cli.waiting import finished
    from kith_platform.imports import uploads
    from kith_platform.labelled import service

    company = console.tenant(tenant)
    blobs = console.runtime.blobs.of(company.id)
    with file.open("rb") as stream:
        kept = uploads.keep_file(blobs, stream, part=part)
    with console.runtime.doors.tenant_scope(company.id) as session:
        job = service.ask_load(
            session,
            None,
            blobs,
            kept,
            file.name,
            name=name,
            source=source,
            encoding=encoding,
            as_of_column=as_of,
            customer_column=customer,
        )
    if not wait:
        console.answer({"job": job.public_id.hex, "state": job.state}, f"Asked for: job {job.public_id.hex}.")
        return
    result = finished(console, company, job)
    rejects = blobs.path(result["rejects"]) if result["rejects"] else None
    counts = {key: result[key] for key in COUNTS}
    with console.runtime.doors.tenant_scope(company.id, read_only=True) as session:
        row = service.by_name(session, result["table"])
        columns = {one.name: one.kind for one in service.columns_of(row)} if row is not None else {}
        places = {"as_of_column": row.as_of_column, "customer_column": row.customer_column} if row is not None else {}
    console.answer(
        {**counts, "rejects_file": rejects, "seconds": result["seconds"], "table": result["table"], "columns": columns, **places}
    )


def answer(console: Console, tenant: str, outcome: str, keep: Collection[str], *, in_order: bool, seed: int, wait: bool) -> None:
    """Train a question of the company's own."""
    from kith_platform.cli.waiting import finished
    from kith_platform.labelled import questions, words
    from kith_platform.predict import versions

    company = console.tenant(tenant)
    blobs = console.runtime.blobs.of(company.id)
    with console.runtime.doors.tenant_scope(company.id) as session:
        row, job = questions.ask(session, None, blobs, outcome, keep=keep, in_order=in_order, seed=seed)
        task = row.task
    if not wait:
        console.answer({"job": job.public_id.hex, "state": job.state}, f"Asked for: job {job.public_id.hex}.")
        return
    told: dict[str, Any] = finished(console, company, job)["question"]
    with console.runtime.doors.tenant_scope(company.id, read_only=True) as session:
        version = versions.latest(session, task)
        said = "\n".join(words.lines(version)) if version is not None else ""
    console.answer({"models": {task: told}, **{name: told[name] for name in FIELDS}}, said)
