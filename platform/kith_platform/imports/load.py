"""One chunk of a file into the facts, in the caller's transaction: all of it or nothing, and every line counted once."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from kith_platform.facts.models import OrderLine, SalesOrder
from kith_platform.imports import people
from kith_platform.imports.dialect import Dialect
from kith_platform.imports.identity import Occurrences
from kith_platform.imports.mapping import Mapping, position
from kith_platform.imports.models import ImportReject
from kith_platform.imports.plan import CUSTOMER, ORDER, ORDER_LINE, Context, Load, loads
from kith_platform.imports.reading import Chunk, Rejected, column
from kith_platform.imports.staging import stage
from kith_platform.imports.typed import CONTENT, Typed, typed
from kith_platform.imports.upsert import Counts, upsert
from kith_platform.sdk.facts import Fact


class Unbalanced(RuntimeError):
    """Lines of a chunk that are in none of the counts: a bug of ours, never the file's. The chunk is rolled back."""


@dataclass(frozen=True)
class Loaded:
    """What became of a chunk: lines read, counts of its finest rows, rejects, and rows of other facts by name."""

    read: int
    counts: Counts
    rejected: tuple[Rejected, ...]
    made: dict[str, Counts] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """What stays the same for all chunks of one import."""

    mapping: Mapping
    dialect: Dialect
    facts: Dictionary[str, Fact]
    context: Context
    occurrences: Occurrences


def prepare(chunk: Chunk, job: Job, *, now: dt.datetime) -> Typed:
    """Everything that needs no database: parsing, rejecting, ids for rows without one."""
    found = typed(chunk, job.mapping, job.dialect, job.facts, zone=job.context.zone, now=now)
    frame = found.frame.with_columns(job.occurrences.ids(found.frame[CONTENT]).alias(CONTENT))
    if CUSTOMER in job.mapping.facts and job.mapping.unmapped:
        frame = frame.join(_raw(chunk.rows, job), on="line", how="left")
    return replace(found, frame=frame)


def _raw(rows: pl.DataFrame, job: Job) -> pl.DataFrame:
    """Columns without a place, as JSON, so that nothing a source says of its customers is lost."""
    names = [(str(source), column(position(source, job.dialect))) for source in job.mapping.unmapped]
    texts = rows.select(name for _source, name in names).rows()
    kept = [json.dumps({source: text for (source, _name), text in zip(names, row, strict=True) if text}) for row in texts]
    return pl.DataFrame({"line": rows["line"], "raw": kept}, schema={"line": pl.Int64, "raw": pl.String})


def load(session: Session, chunk: Chunk, ready: Typed, job: Job) -> Loaded:
    """Write a prepared chunk. Raises Unbalanced when a line is not accounted for."""
    rejected = (*chunk.rejected, *ready.rejected)
    read = chunk.rows.height + len(chunk.rejected)
    counts, made = Counts(), dict[str, Counts]()
    if ready.frame.height:
        staging = stage(session, ready.frame)
        for step in loads(staging, job.mapping, job.facts, job.context):
            done = upsert(session, staging, step, job.context)
            made[step.fact.name] = made.get(step.fact.name, Counts()) + done
            if step.finest:
                counts += done
            _after(session, step, done, job)
        _add_up(session, job)
        staging.drop(session.connection())
    _keep_rejects(session, rejected, job.context.import_id)
    if read != counts.inserted + counts.updated + counts.unchanged + counts.duplicate + len(rejected):
        raise Unbalanced(
            f"import {job.context.import_id}, lines from {chunk.start.line}: read {read}, {counts}, {len(rejected)} rejected"
        )
    return Loaded(read, counts, rejected, made)


def _after(session: Session, step: Load, done: Counts, job: Job) -> None:
    if step.fact.name == CUSTOMER and (done.inserted or done.updated):
        people.settle(session, job.context.import_id)


def _add_up(session: Session, job: Job) -> None:
    """Orders whose amount the file leaves to their lines: the sum of all lines known by now."""
    sums = {target for target, formula in job.mapping.computed if formula == "sum(lines)"}
    if not sums or ORDER_LINE not in job.mapping.facts:
        return
    order, line = SalesOrder.__table__, OrderLine.__table__
    touched = select(line.c.order_id).where(line.c.import_id == job.context.import_id, line.c.changed_at == func.now())
    totals = (
        select(line.c.order_id, func.sum(line.c.net).label("net"), func.sum(line.c.quantity).label("quantity"))
        .where(line.c.order_id.in_(touched))
        .group_by(line.c.order_id)
        .subquery()
    )
    values: dict[str, Any] = {"changed_at": func.now(), "quantity": totals.c.quantity}
    if f"{ORDER}.net" in sums:
        values["net"] = totals.c.net
    session.execute(update(order).where(order.c.id == totals.c.order_id).values(values))


def _keep_rejects(session: Session, rejected: tuple[Rejected, ...], import_id: int) -> None:
    if rejected:
        rows = [
            {"import_id": import_id, "line": one.line, "reason": one.reason, "params": _json(one.params), "raw": one.raw}
            for one in rejected
        ]
        session.execute(insert(ImportReject), rows)


def _json(params: tuple[tuple[str, object], ...]) -> dict[str, object]:
    return {key: value if isinstance(value, (int, float)) else str(value).replace("\0", "") for key, value in params}


def forget_rejects(session: Session, import_id: int) -> None:
    """Before an import begins from its first line again."""
    session.execute(delete(ImportReject).where(ImportReject.import_id == import_id))
