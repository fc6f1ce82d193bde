"""Use cases of a company's own questions: ask, ask again, list, read, delete."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete as sql_delete
from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.attributes.kinds import Definition, definitions
from kith_platform.audit.service import record
from kith_platform.auth.who import system
from kith_platform.blobs import TenantBlobs
from kith_platform.errors import Conflict, Forbidden, Invalid, NotFound
from kith_platform.i18n import N_
from kith_platform.labelled import events, outcome, service, store
from kith_platform.labelled.models import LabelledSet, OwnQuestion
from kith_platform.predict import versions
from kith_platform.predict.listing import OWN
from kith_platform.predict.models import ModelVersion, Score, ScoreMonth
from kith_tenants.context import Actor, tenant_of

if TYPE_CHECKING:
    from kith_platform.jobs.models import Job

SENSITIVE = "customers:sensitive"
ATTRIBUTE = "attribute:"  # says that an attribute is meant, whatever columns are called
MOST = 200  # questions that a list shows
HEADERS = 60  # names of columns that an error shows


class NoOutcome(Invalid):
    code = "no_outcome"
    default = N_("There is no column or attribute “%(asked)s” to predict. There are: %(known)s.")


class SeveralOutcomes(Invalid):
    code = "several_outcomes"
    default = N_("Several tables have a column %(column)s. Say which: %(choices)s.")


def resolve(session: Session, asked: str) -> tuple[LabelledSet | None, str, str]:
    """What `[TABLE.]COLUMN[TEST]` means: the table (None: an attribute of customers, or `event:NAME`), column or key, and test.

    Raises NoOutcome naming what there is, SeveralOutcomes.
    """
    asked, sets = asked.strip(), service.listing(session)
    if asked.startswith(events.PREFIX) and events.known(session, asked.removeprefix(events.PREFIX)):
        return None, asked, ""
    if asked.startswith(ATTRIBUTE):
        asked, sets = asked.removeprefix(ATTRIBUTE), ()
    named, bare = [], []
    for row in sets:
        header = [column.name for column in service.columns_of(row)]
        if asked.startswith(f"{row.name}.") and (found := outcome.split(asked.removeprefix(f"{row.name}."), header)):
            named.append((row, *found))
        if found := outcome.split(asked, header):
            bare.append((row, *found))
    matches = named or bare
    if len(matches) > 1:
        choices = ", ".join(f"{row.name}.{column}{test}" for row, column, test in matches)
        raise SeveralOutcomes(column=matches[0][1], choices=choices)
    if matches:
        return matches[0]
    known = definitions(session)
    for one in known:
        for name in (one.key, one.label):
            if (found := outcome.split(asked, [name])) is not None:
                return None, one.key, found[1]
    raise NoOutcome(asked=asked, known=_known(sets, known))


def _known(sets: Sequence[LabelledSet], attributes: Sequence[Definition]) -> str:
    names = [f"{row.name}.{column.name}" for row in sets for column in service.columns_of(row)]
    names += [one.key for one in attributes]
    return ", ".join(names[:HEADERS]) + (" …" if len(names) > HEADERS else "") if names else "–"


def ask(
    session: Session,
    actor: Actor | None,
    blobs: TenantBlobs,
    asked: str,
    *,
    keep: Collection[str] | None = None,
    in_order: bool | None = None,
    seed: int = 1,
) -> tuple[OwnQuestion, Job]:
    """Ask a question, or ask it again, and for its training. Without `keep` and `in_order` it keeps what was said before.

    Raises Forbidden, NoOutcome, SeveralOutcomes, NotYesNo, NoColumn for a column to keep that is not there.
    """
    if actor is not None and not actor.can("models:train"):
        raise Forbidden
    table, column, test = resolve(session, asked)
    if table is not None:
        _provable(session, blobs, table, column, test)
    task = f"{OWN}{f'{table.name}.' if table else ''}{column}{test}"
    row = session.execute(select(OwnQuestion).where(OwnQuestion.task == task)).scalar_one_or_none()
    if row is None:
        row = OwnQuestion(set_id=table.id if table else None, outcome=column, test=test, task=task)
        row.asked_by = actor.member_id if actor else None
        session.add(row)
    if keep is not None:
        may_keep(session, actor, table, keep)
        row.keep = sorted(keep)
    row.in_order = bool(row.in_order) if in_order is None else in_order
    session.flush()
    return row, train(session, actor, row, seed=seed)


def again(
    session: Session, actor: Actor, row: OwnQuestion, *, keep: Collection[str] | None = None, in_order: bool | None = None
) -> Job:
    """Ask a question again, with other columns put back where `keep` says so. Raises Forbidden, NoColumn."""
    if not actor.can("models:train"):
        raise Forbidden
    if keep is not None:
        may_keep(session, actor, table_of(session, row), keep)
        row.keep = sorted(set(keep))
    row.in_order = bool(row.in_order) if in_order is None else in_order
    session.flush()
    return train(session, actor, row)


def train(session: Session, actor: Actor | None, row: OwnQuestion, *, seed: int = 1) -> Job:
    """Ask for a training of a question; one that waits or runs already is returned instead."""
    from kith_platform.jobs import service as jobs

    asked_by = actor.member_id if actor else None
    args = {"question": row.id, "seed": seed, "address": row.public_id.hex, "about": row.task.removeprefix(OWN)}
    job = jobs.ask(session, service.TRAIN, args, dedupe_key=str(row.id), asked_by=asked_by)
    detail = {"task": row.task, "keep": row.keep, "in_order": row.in_order}
    record(session, actor or system(), "question:asked", f"question:{row.public_id}", detail)
    return job


def _provable(session: Session, blobs: TenantBlobs, table: LabelledSet, column: str, test: str) -> None:
    """Raises NotYesNo where the column's values are not two and no test makes two of them."""
    known = next(one for one in service.columns_of(table) if one.name == column)
    outcome.tell(known, store.load(blobs, table.blob, [column])[column], test, zone=tenant_of(session).timezone)


def may_keep(session: Session, actor: Actor | None, table: LabelledSet | None, keep: Collection[str]) -> None:
    """Raises NoColumn for one that is not there, Forbidden for a sensitive one that the actor may not give to models."""
    if table is None:
        sensitive = {one.key for one in definitions(session) if one.sensitive}
    else:
        columns = service.columns_of(table)
        for name in keep:
            if name not in {one.name for one in columns}:
                raise service.NoColumn(column=name, table=table.name, header=", ".join(one.name for one in columns))
        sensitive = {one.name for one in columns if one.sensitive}
    if sensitive & set(keep) and actor is not None and not actor.can(SENSITIVE):
        raise Forbidden(N_("Your role does not allow models to learn from sensitive columns. Ask an admin of the company."))


def listing(session: Session) -> list[tuple[OwnQuestion, LabelledSet | None, ModelVersion | None]]:
    """The newest questions, each with its table and its last training."""
    rows = session.execute(select(OwnQuestion).order_by(OwnQuestion.id.desc()).limit(MOST)).scalars().all()
    sets = {row.id: row for row in service.listing(session)}
    told = versions.telling(session, [row.task for row in rows]) if rows else {}
    return [(row, sets.get(row.set_id or 0), told.get(row.task)) for row in rows]


def get(session: Session, public_id: uuid.UUID) -> OwnQuestion:
    """Raises NotFound."""
    row = session.execute(select(OwnQuestion).where(OwnQuestion.public_id == public_id)).scalar_one_or_none()
    if row is None:
        raise NotFound(N_("There is no such question in this company."))
    return row


def of_set(session: Session, table: LabelledSet) -> Sequence[OwnQuestion]:
    """Questions asked of a table, newest first."""
    found = select(OwnQuestion).where(OwnQuestion.set_id == table.id).order_by(OwnQuestion.id.desc())
    return session.execute(found).scalars().all()


def table_of(session: Session, row: OwnQuestion) -> LabelledSet | None:
    return session.get(LabelledSet, (row.tenant_id, row.set_id)) if row.set_id else None


def delete(session: Session, actor: Actor, row: OwnQuestion) -> None:
    """Delete a question with its models and scores. Raises Forbidden, or Conflict where a segment's rule asks for it."""
    from kith_platform.segments import service as segments

    if not actor.can("models:train"):
        raise Forbidden
    if using := segments.asking_of(session, row.task):
        name, others = row.task.removeprefix(OWN), ", ".join(using)
        raise Conflict(
            N_("'%(name)s' is used by the rule of: %(others)s. Change those segments first."), name=name, others=others
        )
    for table in (ModelVersion, Score, ScoreMonth):
        session.execute(sql_delete(table).where(table.task == row.task))
    if row.scored:
        service.forget_files(session, actor, [row.scored])
    record(session, actor, "question:deleted", f"question:{row.public_id}", {"task": row.task})
    session.delete(row)
    session.flush()


def told(row: OwnQuestion, version: ModelVersion) -> dict[str, Any]:
    """A trained version in JSON terms, as the command line and the API show it."""
    report, metrics = version.report, version.metrics
    return {
        **versions.summary(version),
        "model": row.task,
        "question": row.public_id.hex,
        "baseline": {"rule": "rate_of_all", "rate": metrics.get("rate"), "pr_auc": metrics.get("rule_pr_auc")},
        "splits": report.get("splits", []),
        "leaks": report.get("leaks", []),
        "left_out": report.get("left_out", {}),
        "yes": report.get("yes", ""),
    }
