"""Asking for a refresh, and going through its steps."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kith_platform.i18n import N_
from kith_platform.jobs import resources
from kith_platform.jobs import service as jobs
from kith_platform.jobs.models import Job
from kith_platform.refresh.graph import SNAPSHOT, Graph, Step, Turn
from kith_platform.refresh.models import RefreshStep, RefreshWish

KIND = "refresh.run"


@dataclass(frozen=True)
class Wishes:
    """What was asked for so far: `asked` refreshes, `full` of them full; `is_full` where one of those is still to be done."""

    asked: int
    full: int
    is_full: bool


def ask_refresh(session: Session, *, asked_by: int | None = None, full: bool = False) -> Job:
    """Ask for a refresh in the caller's transaction. One that is active already sees this wish, too, before it ends.

    `full` writes the snapshot anew, drops older ones and runs every step.
    """
    wish = insert(RefreshWish).values(wishes=1, full_wishes=int(full))
    more = {"wishes": RefreshWish.wishes + 1, "full_wishes": RefreshWish.full_wishes + int(full)}
    # First the wish, then the job: see `settle`.
    session.execute(wish.on_conflict_do_update(index_elements=["tenant_id"], set_=more))
    return jobs.ask(session, KIND, {}, dedupe_key="refresh", asked_by=asked_by)


def wished(session: Session) -> Wishes:
    """What a refresh that begins now has to fulfil."""
    session.execute(insert(RefreshWish).values(wishes=0).on_conflict_do_nothing())
    row = session.execute(select(RefreshWish)).scalar_one()
    return Wishes(row.wishes, row.full_wishes, row.full_wishes > row.full_done)


def settle(session: Session, fulfilled: Wishes) -> bool:
    """Note what was fulfilled; whether that is all. Call in the transaction that ends the job when it is.

    Whoever asks meanwhile waits for this transaction: he is either counted here, or finds the job over and gets a new one.
    """
    row = session.execute(select(RefreshWish).with_for_update()).scalar_one()
    row.full_done = fulfilled.full
    return row.wishes == fulfilled.asked


def go(turn: Turn, graph: Graph, *, full: bool = False) -> list[dict[str, Any]]:
    """Run the steps whose inputs changed, in order. Gives name and state (done, skipped) of each."""
    with resources.seldom_collecting():
        return _go(turn, graph.order(), full=full)


def _go(turn: Turn, order: Sequence[Step], *, full: bool) -> list[dict[str, Any]]:
    marks = {SNAPSHOT: turn.manifest.public_id.hex}
    with turn.run.step() as session:
        before = {row.name: row for row in session.execute(select(RefreshStep)).scalars()}
    told = []
    for number, step in enumerate(order):
        turn.run.check()
        inputs = _mark(step, turn, marks)
        known = before.get(step.name)
        if known is not None and known.inputs == inputs and not full:
            marks[step.name] = known.output
            told.append({"name": step.name, "state": "skipped"})
            continue
        turn.run.progress(number, len(order), N_("Refreshing: %(step)s"), step=step.label)
        given = step.run(turn)
        if (read := turn.manifest.public_id.hex) != marks[SNAPSHOT]:  # the step changed facts, and read them again
            marks[SNAPSHOT] = read
            inputs = _mark(step, turn, marks)
        marks[step.name] = given or inputs
        with turn.run.step() as session:
            _keep(session, step.name, inputs, marks[step.name])
        told.append({"name": step.name, "state": "done"})
    return told


def _mark(step: Step, turn: Turn, marks: dict[str, str]) -> str:
    also = step.also(turn) if step.also else ""
    declared = json.dumps([step.version, also, [(name, marks[name]) for name in sorted(step.inputs)]])
    return hashlib.sha256(declared.encode()).hexdigest()


def _keep(session: Session, name: str, inputs: str, output: str) -> None:
    row = insert(RefreshStep).values(name=name, inputs=inputs, output=output)
    changed = {"inputs": inputs, "output": output, "done_at": func.now()}
    session.execute(row.on_conflict_do_update(index_elements=["tenant_id", "name"], set_=changed))
