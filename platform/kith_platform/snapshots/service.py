"""Taking a snapshot, finding the newest, and letting old ones go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kith_platform.errors import Conflict
from kith_platform.i18n import mark as _
from kith_platform.runtime import Runtime
from kith_platform.snapshots.manifest import Manifest, TableFiles, stored
from kith_platform.snapshots.models import DROPPED, READY, WRITING, Snapshot
from kith_platform.snapshots.shape import Shape, shapes_of
from kith_platform.snapshots.write import Moment, Since, Writer, changed_tables, moment_of

Told = Callable[[int, int, str], None]  # tables done, tables in all, the table at hand

KEEP = 3
KEEP_FOR = dt.timedelta(hours=24)  # a training that began with an older snapshot may still read it
_TRIES = 5


def latest(session: Session) -> Manifest | None:
    """The session's tenant's newest snapshot, or None before the first."""
    row = session.execute(
        select(Snapshot).where(Snapshot.state == READY).order_by(Snapshot.generation.desc()).limit(1)
    ).scalar_one_or_none()
    return None if row is None else Manifest.of(row)


def take(runtime: Runtime, tenant_id: int, *, full: bool = False, told: Told | None = None) -> Manifest:
    """Bring the tenant's snapshot up to now. Where nothing changed, the newest one is returned and nothing is written.

    `full` writes every table anew and drops all older snapshots, as erasure must. Raises Conflict where other runs keep
    finishing first.
    """
    for _turn in range(_TRIES):
        taken = _try(runtime, tenant_id, full=full, told=told)
        if taken is not None:
            prune(runtime, tenant_id, keep=1 if full else KEEP, keep_for=dt.timedelta(0) if full else KEEP_FOR)
            return taken
    raise Conflict(_("Other runs keep taking this company's snapshot. Wait until they have finished, then try again."))


def _try(runtime: Runtime, tenant_id: int, *, full: bool, told: Told | None) -> Manifest | None:
    """One attempt; None where another run finished first."""
    with runtime.doors.tenant_scope(tenant_id, read_only=True) as session:
        parent = latest(session)
    with runtime.doors.tenant_arrow(tenant_id) as door:
        moment = moment_of(door)
        shapes = shapes_of(runtime.facts, moment.attributes, moment.timezone)
        since = None if parent is None or full else Since.of(parent, moment)
        changed = {shape.name for shape in shapes} if since is None else changed_tables(door, shapes, since)
        if parent is not None and since is not None and _same(parent, moment, shapes) and not changed:
            return parent
        row = _begin(runtime, tenant_id, parent, moment)
        writer = Writer(door, runtime.blobs.of(tenant_id), _folder(row), (parent.generation if parent else 0) + 1)
        tables = _write(writer, shapes, parent, since, changed, told)
    return _finish(runtime, tenant_id, row, writer.generation, tables)


def _same(parent: Manifest, moment: Moment, shapes: list[Shape]) -> bool:
    """Whether the tenant's settings and the tables' columns are as they were."""
    settings = (parent.timezone, parent.currency, parent.attributes) == (moment.timezone, moment.currency, moment.attributes)
    return settings and parent.tables.keys() == {shape.name for shape in shapes} and all(_fits(parent, shape) for shape in shapes)


def _fits(parent: Manifest, shape: Shape) -> bool:
    before = parent.tables.get(shape.name)
    return before is not None and (before.columns, before.zone) == (shape.columns, shape.zone)


def _write(
    writer: Writer, shapes: list[Shape], parent: Manifest | None, since: Since | None, changed: set[str], told: Told | None
) -> dict[str, TableFiles]:
    tables: dict[str, TableFiles] = {}
    for done, shape in enumerate(shapes):
        if told:
            told(done, len(shapes), shape.name)
        if parent is None or since is None or not _fits(parent, shape):
            tables[shape.name] = writer.whole(shape)
        elif shape.name in changed:
            tables[shape.name] = writer.added(shape, parent.tables[shape.name], since)
        else:
            tables[shape.name] = parent.tables[shape.name]
    return tables


def _folder(row: Snapshot) -> str:
    return f"snapshots/{row.public_id.hex}"


def _begin(runtime: Runtime, tenant_id: int, parent: Manifest | None, moment: Moment) -> Snapshot:
    """The row that names the folder before the first file, so that a run that dies leaves a trace to clean up by."""
    row = Snapshot(
        parent_id=parent.id if parent else None,
        read_at=moment.read_at,
        cluster=moment.cluster,
        oldest_transaction=moment.oldest_transaction,
        timezone=moment.timezone,
        currency=moment.currency,
        attributes=[{"key": found.key, "kind": found.kind, "timing": found.timing} for found in moment.attributes],
    )
    with runtime.doors.tenant_scope(tenant_id) as session:
        session.add(row)
        session.flush()
        session.refresh(row)
    return row


def _finish(runtime: Runtime, tenant_id: int, row: Snapshot, generation: int, tables: dict[str, TableFiles]) -> Manifest | None:
    files = {file.name: file for table in tables.values() for file in table.files}.values()
    done = {
        "state": READY,
        "generation": generation,
        "tables": stored(tables),
        "rows": sum(table.rows for table in tables.values()),
        "bytes": sum(file.bytes for file in files),
    }
    try:
        with runtime.doors.tenant_scope(tenant_id) as session:
            session.execute(update(Snapshot).where(Snapshot.id == row.id).values(**done))
    except IntegrityError:  # another run took this generation
        _discard(runtime, tenant_id, row)
        return None
    with runtime.doors.tenant_scope(tenant_id, read_only=True) as session:
        return Manifest.of(session.execute(select(Snapshot).where(Snapshot.id == row.id)).scalar_one())


def _discard(runtime: Runtime, tenant_id: int, row: Snapshot) -> None:
    runtime.blobs.of(tenant_id).remove(_folder(row))
    with runtime.doors.tenant_scope(tenant_id) as session:
        session.execute(delete(Snapshot).where(Snapshot.id == row.id))


def prune(runtime: Runtime, tenant_id: int, *, keep: int = KEEP, keep_for: dt.timedelta = KEEP_FOR) -> None:
    """Drop snapshots that are neither among the newest `keep` nor younger than `keep_for`, what dead runs left after that
    time, and every file that no remaining snapshot names.
    """
    with runtime.doors.tenant_scope(tenant_id) as session:
        now = session.execute(select(func.now())).scalar_one()
        rows = session.execute(select(Snapshot).where(Snapshot.state == READY).order_by(Snapshot.generation.desc())).scalars()
        manifests = [(row, Manifest.of(row)) for row in rows]
        old = [pair for place, pair in enumerate(manifests) if place >= keep and pair[0].created_at <= now - keep_for]
        for row, _manifest in old:
            row.state = DROPPED
        dead = (
            session.execute(select(Snapshot).where(Snapshot.state == WRITING, Snapshot.created_at < now - KEEP_FOR))
            .scalars()
            .all()
        )
    kept = frozenset[str]().union(*(manifest.files for row, manifest in manifests if row.state == READY))
    gone = frozenset[str]().union(*(manifest.files for _, manifest in old)) - kept
    blobs = runtime.blobs.of(tenant_id)
    for name in sorted(gone):
        blobs.remove(name)
    for row in dead:
        _discard(runtime, tenant_id, row)
