"""Attributes as jobs: reading values from what imports kept, and taking them away."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.attributes import filling
from kith_platform.attributes.kinds import Definition
from kith_platform.customers.models import Attribute
from kith_platform.i18n import N_
from kith_platform.jobs.declared import JobRun, job
from kith_platform.refresh.service import ask_refresh

FILLING = N_("Reading what files said of it")


@job("attributes.fill", queue="default", max_attempts=5, label=N_("Filling an attribute"))
def fill(run: JobRun) -> None:
    """Read an attribute's values of all records, as it is defined at each batch. Safe to begin again."""
    key, zone, done = run.args["key"], run.tenant.timezone, 0
    with run.step() as session:
        one = _find(session, key)
    for source in dict.fromkeys(column.source for column in one.places) if one else ():
        after: int | None = 0
        while after is not None:
            run.check()
            with run.step() as session:
                now = _find(session, key)
                if now is not None:
                    until = filling.end(session, source, after)
                    done += filling.fill(session, now, source, after, until, zone=zone)
            after = until if now is not None else None
            run.progress(done, None, FILLING)
    with run.step(last=True) as session:
        now = _find(session, key)
        if now is not None:
            filling.settle(session, now)
            filling.count(session)
            ask_refresh(session)
        run.result({"attribute": key, "records": done})


@job("attributes.forget", queue="default", max_attempts=5, label=N_("Removing an attribute"))
def forget(run: JobRun) -> None:
    """Take away the values of an attribute that is no more."""
    with run.step(last=True) as session:
        if _find(session, run.args["key"]) is None:  # else somebody made it anew: its filling does the rest
            filling.forget(session, run.args["key"])
            ask_refresh(session)
        run.result({"attribute": run.args["key"]})


def _find(session: Session, key: str) -> Definition | None:
    row = session.execute(select(Attribute).where(Attribute.key == key)).scalar_one_or_none()
    return Definition.of(row) if row is not None else None
