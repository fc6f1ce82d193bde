"""Data quality as steps of every refresh: the readings and flags of a snapshot, and what fields are worth to a new model."""

from __future__ import annotations

from kith_platform.i18n import N_
from kith_platform.quality.required import required
from kith_platform.refresh.graph import SNAPSHOT, Turn, step


def _also(turn: Turn) -> str:
    """Which fields the company requires."""
    with turn.run.step() as session:
        return ",".join(required(session))


@step("quality", inputs=(SNAPSHOT, "identity"), label=N_("Data quality"), also=_also)
def refresh_quality(turn: Turn) -> None:
    """Readings of every source and field, and whom each issue concerns, in one transaction."""
    from kith_platform.quality import flags, measures, store
    from kith_platform.sdk.types import QualityReading

    run, frames = turn.run, turn.frames

    def has(plural: str) -> bool:
        table = frames.manifest.tables.get(run.runtime.facts.by_plural(plural).name)
        return table is not None and table.rows > 0

    with run.step() as session:
        wanted = required(session)
    run.progress(0, 2, N_("Measuring the data's quality"))
    tables = frames.at(frames.last_day)
    rows = tables.keep("quality_records", measures.prepared(tables, turn.today, has))
    readings = measures.readings(tables, rows, wanted, frames.last_day, has)
    run.check()
    run.progress(1, 2, N_("Measuring the data's quality"))
    found = dict(flags.found(frames, rows, wanted, turn.today, has))
    customers = int(tables.run(rows.customer_id.nunique().name("n").as_table())["n"][0].as_py())
    readings += [
        QualityReading(metric=store.ISSUE, field=issue, part=float(len(ids)), whole=float(customers))
        for issue, ids in found.items()
        if len(ids)
    ]
    records = sum(int(one.whole) for one in readings if one.metric == measures.UNIQUENESS and not one.source)
    with run.step() as session:
        store.keep(session, readings, turn.today)
        store.flag(session, found)
        store.note(
            session, day=turn.today, as_of=frames.last_day, read_at=turn.manifest.read_at, records=records, customers=customers
        )


@step("lifts", inputs=("scores",), label=N_("What fields are worth to models"))
def refresh_lifts(turn: Turn) -> str:
    """Only where another version serves than the one that was measured: a hold-out does not change."""
    from kith_platform.quality import lift

    return lift.measure(turn)
