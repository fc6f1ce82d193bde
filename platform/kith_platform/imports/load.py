"""One chunk of a file into the facts, in the caller's transaction: all of it or nothing, and every line counted once."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

import polars as pl
from sqlalchemy import Table, delete, func, insert, select
from sqlalchemy.orm import Session
from sqlalchemy.schema import DropTable

from kith_platform.attributes import history
from kith_platform.attributes.kinds import DATED, Definition
from kith_platform.attributes.values import filled
from kith_platform.imports import dirt, further, layouts, people, sums
from kith_platform.imports.dialect import Dialect
from kith_platform.imports.identity import Occurrences, public_ids
from kith_platform.imports.loads import Context, Load
from kith_platform.imports.mapping import Mapping, position
from kith_platform.imports.models import ImportReject
from kith_platform.imports.plan import CUSTOMER, ORDER, ORDER_LINE, beside, is_beside, is_wide, loads, unknown
from kith_platform.imports.reading import Chunk, Rejected, column
from kith_platform.imports.staging import stage, targets
from kith_platform.imports.typed import CONTENT, LINE, PUBLIC, Typed, typed
from kith_platform.imports.upsert import Counts, upsert
from kith_platform.sdk.facts import Fact

Made = dict[str, dict[str, int]]


class Unbalanced(RuntimeError):
    """Lines of a chunk that are in none of the counts: a bug of ours, never the file's. The chunk is rolled back."""


@dataclass(frozen=True)
class Loaded:
    """What became of a chunk: lines read, counts of its finest rows, rejects, and rows of each fact by name
    (`customer`: customers made; `unresolved`: ids of other facts that led nowhere, by column)."""

    read: int
    counts: Counts
    rejected: tuple[Rejected, ...]
    made: Made = field(default_factory=dict)


@dataclass
class Novelty:
    """Whether the lines to come are expected to be new: so it is until a line is not, and again after lines that all were."""

    expected: bool = True

    def note(self, counts: Counts) -> None:
        self.expected = counts == Counts(inserted=counts.inserted)


@dataclass(frozen=True)
class Job:
    """What stays the same for all chunks of one import. `attributes` are those that its columns without a place fill."""

    mapping: Mapping
    dialect: Dialect
    facts: Dictionary[str, Fact]
    context: Context
    occurrences: Occurrences
    attributes: tuple[Definition, ...] = ()
    novelty: Novelty = field(default_factory=Novelty)


def prepare(chunk: Chunk, job: Job, *, now: dt.datetime) -> Typed:
    """Everything that needs no database: parsing, rejecting, ids for rows without one."""
    found = typed(chunk, job.mapping, job.dialect, job.facts, zone=job.context.zone, now=now)
    frame = found.frame.with_columns(_ids(found.frame, job).alias(CONTENT), public_ids(found.frame.height).alias(PUBLIC))
    if job.facts[CUSTOMER].plural == job.mapping.table and job.mapping.unmapped:
        frame = frame.join(_raw(chunk.rows, job), on="line", how="left")
    odd = dirt.count(frame, returns=job.mapping.negative_quantity == "return") | dirt.same_id(found.frame, _finest(job))
    if not job.attributes:
        return replace(found, frame=frame, dirt=odd)
    kept, misfits = _attributes(chunk.rows.filter(pl.col("line").is_in(frame["line"].implode())), job)
    return replace(found, frame=frame.join(kept, on="line", how="left"), misfits=misfits, dirt=odd)


def _ids(frame: pl.DataFrame, job: Job) -> pl.Series:
    """Ids by content for the rows that need one; null for those that the source has given theirs."""
    own = [f"{_finest(job)}.external_id", *([f"{ORDER}.external_id"] if is_wide(job.mapping.facts) else [])]
    if not set(own) <= set(frame.columns):
        return job.occurrences.ids(frame[CONTENT])
    needed = frame.select(pl.any_horizontal(pl.col(name).is_null() for name in own)).to_series()
    places = needed.arg_true()
    found = pl.Series([None] * frame.height, dtype=pl.String)
    return found.scatter(places, job.occurrences.ids(frame[CONTENT].gather(places))) if places.len() else found


def _finest(job: Job) -> str:
    """The fact whose rows the lines of the file are."""
    wide = is_wide(job.mapping.facts)
    return ORDER_LINE if wide else next(fact.name for fact in job.facts.values() if fact.plural == job.mapping.table)


def _raw(rows: pl.DataFrame, job: Job) -> pl.DataFrame:
    """Columns without a place, as JSON, so that nothing a source says of its customers is lost."""
    names = [(str(source), column(position(source, job.dialect))) for source in job.mapping.unmapped]
    texts = rows.select(name for _source, name in names).rows()
    kept = [json.dumps({source: text for (source, _name), text in zip(names, row, strict=True) if text}) for row in texts]
    return pl.DataFrame({"line": rows["line"], "raw": kept}, schema={"line": pl.Int64, "raw": pl.String})


def _attributes(rows: pl.DataFrame, job: Job) -> tuple[pl.DataFrame, dict[str, int]]:
    """The company's own attributes of each line as JSON, and how many lines say something that is none, by attribute."""
    texts = {str(source): rows[column(position(source, job.dialect))] for source in job.mapping.unmapped}
    found = filled(texts, job.attributes, job.context.source, rows=rows.height, zone=job.context.zone)
    return pl.DataFrame({"line": rows["line"], "attributes": found.values}), found.misfits


def load(session: Session, chunk: Chunk, ready: Typed, job: Job, *, begun: bool = False) -> Loaded:
    """Write a prepared chunk; `begun` says that `load_beside` has been called for it. Raises Unbalanced when a line is not
    accounted for."""
    rejected = [*chunk.rejected, *ready.rejected]
    read = chunk.rows.height + len(chunk.rejected)
    counts, made = Counts(), Made()
    if ready.frame.height:
        _one_at_a_time(session, job.context, "lines")
        staging = stage(session, ready.frame)
        rejected += _unknown(session, staging, chunk, job)
        if not begun:
            _one_at_a_time(session, job.context, "beside")
            _run(session, staging, beside(staging, job.mapping, job.facts, job.context), job, made)
        counts = _run(session, staging, loads(staging, job.mapping, job.facts, job.context), job, made)
        add(made, "misfits", ready.misfits)
        add(made, "dirt", ready.dirt)
        sums.add_up(session, job.mapping, job.context.import_id)
        staging.drop(session.connection())
    keep_rejects(session, rejected, job.context.import_id)
    if read != counts.inserted + counts.updated + counts.unchanged + counts.duplicate + len(rejected):
        raise Unbalanced(
            f"import {job.context.import_id}, lines from {chunk.start.line}: read {read}, {counts}, {len(rejected)} rejected"
        )
    return Loaded(read, counts, tuple(rejected), made)


def load_beside(session: Session, ready: Typed, job: Job) -> Made:
    """Write the customers and products that a prepared chunk names, without its lines. What became of them. Doing it again
    changes nothing."""
    names = [name for name in ready.frame.columns if name != LINE and is_beside(name)]
    made: Made = {}
    if names and ready.frame.height:
        _one_at_a_time(session, job.context, "beside")
        staging = stage(session, ready.frame.select(LINE, *names).unique(names, keep="last"))
        _run(session, staging, beside(staging, job.mapping, job.facts, job.context), job, made)
        staging.drop(session.connection())
    return made


def _run(session: Session, staging: Table, steps: Sequence[Load], job: Job, made: Made) -> Counts:
    """The loads one after another; what became of rows goes into `made`. Counts of the file's own lines."""
    counts = Counts()
    for step in steps:
        done = upsert(
            session,
            staging,
            step,
            job.context,
            keep=step.fact.name == CUSTOMER,
            new=step.finest and not step.further and job.novelty.expected,
        )
        # Beside, only what was written counts: how often a file names a customer that is known says nothing.
        counted = step.finest and not step.further
        told = asdict(done.counts) if counted else {"inserted": done.counts.inserted, "updated": done.counts.updated}
        add(made, step.fact.name, told)
        # A customer who is named is made; a row is nobody's only where its subscription is not known.
        lost = {target.replace(".record_id", f".{layouts.THROUGH}"): number for target, number in done.unresolved.items()}
        add(made, "unresolved", lost)
        if counted:
            counts += done.counts
            job.novelty.note(done.counts)
        if done.written is not None:
            add(made, "customer", {"inserted": people.settle(session, done.written)})
            dated = [one.key for one in job.attributes if one.timing == DATED]
            history.note(session, done.written, dated, at=func.now(), zone=job.context.zone)
            session.execute(DropTable(done.written))
    return _with_further(session, staging, steps, job.context, counts, made)


def _with_further(
    session: Session, staging: Table, steps: Sequence[Load], context: Context, counts: Counts, made: Made
) -> Counts:
    """The counts of lines, of which some changed nothing but a further row: they count as changed."""
    made_too = [step for step in steps if step.further]
    if not made_too or not counts.unchanged + counts.updated:
        return counts
    own = next(step for step in steps if step.finest and not step.further)
    lines = min(further.touched(session, staging, own, made_too, context), counts.unchanged)
    add(made, "dirt", {dirt.LEFT_OUT: further.left_out(session, staging, made_too, context)})
    return replace(counts, updated=counts.updated + lines, unchanged=counts.unchanged - lines)


def _one_at_a_time(session: Session, context: Context, what: str) -> None:
    """Two files of one source take turns, chunk by chunk: both may bring the same new row. Lines first, then what is beside."""
    lock = func.hashtextextended(f"import {what} {context.tenant_id} {context.source}", 0)
    session.execute(select(func.pg_advisory_xact_lock(lock)))


def _unknown(session: Session, staging: Table, chunk: Chunk, job: Job) -> list[Rejected]:
    """Take lines out of the staging table whose order is not known: when, whose and how much they were nobody could say."""
    found: dict[int, tuple[str, str]] = {}
    for item in unknown(staging, job.mapping, job.facts, job.context):
        found |= {line: (item.column, named) for line, named in session.execute(item.lines).all()}
    if not found:
        return []
    session.execute(delete(staging).where(targets(staging)[LINE].in_(list(found))))
    raws = dict(chunk.rows.filter(pl.col("line").is_in(list(found))).select("line", "raw").iter_rows())
    return [
        Rejected(line, "unknown_reference", str(raws[line]).rstrip("\r\n"), (("column", column), ("value", named)))
        for line, (column, named) in found.items()
    ]


def add(made: Made, name: str, counts: Dictionary[str, int]) -> None:
    """Add counts of one fact."""
    for key, value in counts.items():
        if value:
            before = made.setdefault(name, {})
            before[key] = before.get(key, 0) + value


def grown(before: Made, counts: Made) -> Made:
    """The facts that `counts` speaks of, with what was counted before."""
    made = {name: dict(before.get(name, {})) for name in counts}
    for name, found in counts.items():
        add(made, name, found)
    return made


def keep_rejects(session: Session, rejected: Sequence[Rejected], import_id: int) -> None:
    """Remember lines that were not taken."""
    if rejected:
        rows = [
            {"import_id": import_id, "line": one.line, "reason": one.reason, "params": _json(one.params), "raw": clean(one.raw)}
            for one in rejected
        ]
        session.execute(insert(ImportReject), rows)


def clean(text: str) -> str:
    """PostgreSQL's text holds no NUL."""
    return text.replace("\0", "")


def _json(params: tuple[tuple[str, object], ...]) -> dict[str, object]:
    return {key: value if isinstance(value, (int, float)) else clean(str(value)) for key, value in params}
