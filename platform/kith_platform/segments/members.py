"""Bringing a segment's members up to date: only who came or left is written, with the reason."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from psycopg import sql
from sqlalchemy import BigInteger, Column, MetaData, Table, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kith_platform.refresh.graph import Turn
from kith_platform.segments import compile_frames, compile_sql, few
from kith_platform.segments.counting import Stored
from kith_platform.segments.models import FAILED, READY, Segment, SegmentMember, SegmentMove, SegmentSize
from kith_platform.segments.rules import Part, facts_of, holds, moves_with_time
from kith_platform.segments.scope import Scope
from kith_platform.snapshots.manifest import Manifest
from kith_platform.snapshots.models import Snapshot

EXPLAINED = 5_000  # so many who moved at once get their reasons; more is a change of the whole company
WORK_MEMORY = "128MB"


@dataclass(frozen=True)
class _Work:
    """One segment to build in a turn, and when that began."""

    turn: Turn
    segment: Segment
    rule: Part
    scope: Scope
    began: float


@dataclass(frozen=True)
class Built:
    """How a segment was brought up to date: `how` is few (changed customers alone), sql or frames (everybody)."""

    how: str
    size: int
    entered: int
    left: int
    seconds: float


def build(turn: Turn, segment: Segment, rule: Part, scope: Scope) -> Built:
    """Bring one segment up to date with the turn's snapshot and everything stored. Safe to begin again.

    Static segments are filled like others; whether they may change is the caller's to say.
    """
    work = _Work(turn, segment, rule, scope, time.perf_counter())
    changed = _changed(work)
    if changed is not None:
        how, moved = "few", _build_few(work, changed)
    elif facts_of(rule):
        how, moved = "frames", _build_frames(work)
    else:
        how, moved = "sql", _build_sql(work)
    size, entered, left = moved
    return Built(how, size, entered, left, time.perf_counter() - work.began)


def fail(session: Session, segment: Segment, problem: str, params: dict[str, Any]) -> None:
    """Say why (a marked msgid) a segment could not be brought up to date; its members stay as they were."""
    row = session.execute(select(Segment).where(Segment.id == segment.id).with_for_update()).scalar_one_or_none()
    if row is not None and row.version == segment.version:
        row.state, row.problem, row.problem_params = FAILED, problem, {key: str(value) for key, value in params.items()}


def _changed(work: _Work) -> set[int] | None:
    """The customers to look at again; None means all."""
    turn, segment, rule, scope = work.turn, work.segment, work.rule, work.scope
    if segment.built_version != segment.version or segment.generation is None or not facts_of(rule):
        return None
    if moves_with_time(rule) and segment.day != scope.today:
        return None
    with turn.run.step() as session:
        known = session.execute(select(Snapshot).where(Snapshot.generation == segment.generation)).scalar_one_or_none()
        if known is None:
            return None
        before = Manifest.of(known)
        same = (before.timezone, before.currency) == (turn.manifest.timezone, turn.manifest.currency)
        if not same:
            return None
        blobs = turn.run.runtime.blobs.of(turn.run.tenant.id)
        return few.changed(session, blobs, rule, scope, before.generation, turn.manifest)


def _build_few(work: _Work, ids: set[int]) -> tuple[int, int, int]:
    segment, rule, scope = work.segment, work.rule, work.scope
    with work.turn.run.step() as session:
        row = _held(session, segment)
        now = dict(few.values(session, rule, scope, ids))
        fulfil = {customer for customer, found in now.items() if holds(rule, found, scope.today)}
        member = select(SegmentMember.customer_id).where(SegmentMember.segment_id == segment.id)
        members = set(session.execute(member.where(SegmentMember.customer_id.in_(ids))).scalars()) if ids else set()
        entered, left = fulfil - members, members - fulfil
        if entered:
            session.execute(insert(SegmentMember), [{"segment_id": segment.id, "customer_id": one} for one in sorted(entered)])
        if left:
            gone = SegmentMember.customer_id.in_(left)
            session.execute(delete(SegmentMember).where(SegmentMember.segment_id == segment.id, gone))
        why = {customer: few.as_json(found) for customer, found in now.items()}
        _note(session, segment, entered, why, entered=True)
        _note(session, segment, left, why, entered=False)
        return _done(session, row, work, len(entered), len(left))


def _build_sql(work: _Work) -> tuple[int, int, int]:
    with work.turn.run.step() as session:
        _spend(session)
        found = compile_sql.members(work.rule, work.scope)
        with _found(session) as table:
            session.execute(table.insert().from_select([table.c.customer_id], found))
            return _write(session, work, table)


def _build_frames(work: _Work) -> tuple[int, int, int]:
    turn, rule, scope = work.turn, work.rule, work.scope
    with turn.run.step() as session:
        _spend(session)
        stored = Stored(session, scope)
        tables = turn.frames.at(scope.today)
        # No transaction is open while the engine counts: what SQL answers is asked for first.
        asked = compile_frames.members(rule, stored, tables, scope.facts, scope.today)
    ids: pa.Table = tables.run(asked)
    with turn.run.step() as session:
        _spend(session)
        with _found(session) as table:
            _copy(session, table, ids["customer_id"].to_pylist())
            return _write(session, work, table)


def _write(session: Session, work: _Work, found: Table) -> tuple[int, int, int]:
    """Members become those of `found`."""
    segment = work.segment
    row = _held(session, segment)
    first = row.built_version is None
    mine = SegmentMember.segment_id == segment.id
    number = literal(segment.id, BigInteger)
    known = select(SegmentMember.customer_id).where(mine)
    new = select(number, found.c.customer_id).where(found.c.customer_id.not_in(known))
    came = insert(SegmentMember).from_select(["segment_id", "customer_id"], new).returning(SegmentMember.customer_id)
    gone = delete(SegmentMember).where(mine, SegmentMember.customer_id.not_in(select(found.c.customer_id)))
    left = set(session.execute(gone.returning(SegmentMember.customer_id)).scalars())
    entered = set(session.execute(came).scalars())
    if not first:  # before its first members nobody came or left
        few_moved = row.built_version == row.version and len(entered) + len(left) <= EXPLAINED
        told = few.values(session, work.rule, work.scope, entered | left) if few_moved else ()
        why = {customer: few.as_json(values) for customer, values in told}
        _note(session, segment, entered, why, entered=True)
        _note(session, segment, left, why, entered=False)
    return _done(session, row, work, len(entered), len(left))


def _note(session: Session, segment: Segment, ids: Collection[int], why: dict[int, list[Any]], *, entered: bool) -> None:
    rows = [
        {
            "segment_id": segment.id,
            "customer_id": one,
            "entered": entered,
            "version": segment.version,
            "why": why.get(one),
        }
        for one in sorted(ids)
    ]
    for start in range(0, len(rows), few.BATCH * 4):
        session.execute(insert(SegmentMove), rows[start : start + few.BATCH * 4])


def _done(session: Session, row: Segment, work: _Work, entered: int, left: int) -> tuple[int, int, int]:
    counted = select(func.count()).select_from(SegmentMember).where(SegmentMember.segment_id == row.id)
    row.size = row.size + entered - left if row.built_version is not None else session.execute(counted).scalar_one()
    row.state, row.problem, row.problem_params, row.built_version = READY, "", {}, row.version
    manifest, day = work.turn.manifest, work.scope.today
    row.as_of, row.day, row.generation = manifest.read_at, day, manifest.generation
    row.seconds = time.perf_counter() - work.began
    today = insert(SegmentSize).values(segment_id=row.id, day=day, size=row.size, entered=entered, left=left)
    more = {"size": row.size, "entered": SegmentSize.entered + entered, "left": SegmentSize.left + left}
    session.execute(today.on_conflict_do_update(index_elements=["tenant_id", "segment_id", "day"], set_=more))
    return row.size, entered, left


def _held(session: Session, segment: Segment) -> Segment:
    """The segment's row, kept from others who would write its members. Raises Changed where its rule is another by now."""
    row = session.execute(select(Segment).where(Segment.id == segment.id).with_for_update()).scalar_one_or_none()
    if row is None or row.version != segment.version:
        raise Changed
    return row


class Changed(Exception):
    """The segment was changed or removed while its members were being found; whoever did it has asked for a new count."""


def _spend(session: Session) -> None:
    session.execute(select(func.set_config("work_mem", WORK_MEMORY, True)))


@contextmanager
def _found(session: Session) -> Iterator[Table]:
    """A temporary table for ids; it ends here, or with the transaction."""
    table = Table(
        "segment_found",
        MetaData(),
        Column("customer_id", BigInteger, primary_key=True, autoincrement=False),
        prefixes=["TEMPORARY"],
        postgresql_on_commit="DROP",
    )
    table.create(session.connection())
    yield table
    table.drop(session.connection())


def _copy(session: Session, table: Table, ids: list[int]) -> None:
    driver = session.connection().connection.driver_connection
    command = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table.name))
    with driver.cursor() as cursor, cursor.copy(command) as copy:  # type: ignore[union-attr]
        copy.write("".join(f"{one}\n" for one in ids))
