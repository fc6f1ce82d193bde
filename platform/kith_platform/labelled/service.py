"""Use cases of labelled tables: take a file in, list, read, delete."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.audit.service import record
from kith_platform.auth.who import system
from kith_platform.blobs import TenantBlobs
from kith_platform.errors import FieldError, Invalid, NotFound
from kith_platform.i18n import N_
from kith_platform.imports.preview import dialect_of, sample
from kith_platform.imports.service import DEFAULT_SOURCE
from kith_platform.imports.uploads import Kept, open_file
from kith_platform.imports.words import words
from kith_platform.labelled.columns import Column, names
from kith_platform.labelled.models import LabelledSet
from kith_platform.labelled.store import refuse_large
from kith_tenants.context import Actor

if TYPE_CHECKING:
    from kith_platform.jobs.models import Job

LOAD, TRAIN, USE, CLEAN = "labelled.load", "labelled.train", "labelled.use", "labelled.clean"
NAME = re.compile(r"[^\W_][\w-]{0,59}")
MOST = 200  # tables of a company


class OtherColumns(Invalid):
    code = "other_columns"
    default = N_(
        "The table %(name)s has other columns than %(file)s. It has: %(there)s. The file has: %(here)s. Give another name."
    )


class NoColumn(Invalid):
    code = "no_column"
    default = N_("There is no column %(column)s in %(table)s. Its columns are: %(header)s.")


def named(name: str, file_name: str) -> str:
    """The name of a table: as given, else made of the file's. Raises Invalid for one that cannot be a name."""
    chosen = name.strip() or re.sub(r"[^\w-]+", "_", words(PurePath(file_name).stem)).strip("_-")[:60] or "table"
    if not NAME.fullmatch(chosen):
        wrong = FieldError("name", N_("Use letters, digits, - and _ alone, at most 60, the first a letter or digit."))
        raise Invalid(N_("“%(name)s” cannot be the name of a table."), fields=[wrong], name=chosen[:60])
    return chosen


def ask_load(
    session: Session,
    actor: Actor | None,
    blobs: TenantBlobs,
    kept: Kept,
    file_name: str,
    *,
    name: str = "",
    source: str = DEFAULT_SOURCE,
    encoding: str | None = None,
    as_of_column: str = "",
    customer_column: str = "",
) -> Job:
    """Ask for the import of a kept file into the table `name`, a new one or one there is.

    Raises FileProblem for a file that cannot be read, Invalid for a name, NoColumn, OtherColumns, TooManyCells.
    """
    from kith_platform.jobs import service as jobs

    chosen = named(name, file_name)
    opened = partial(open_file, blobs, kept.blob)
    dialect = dialect_of(opened, encoding=encoding)
    header = names(dialect)
    refuse_large(sample(opened, dialect)[0].height, len(header))
    for column in filter(None, (as_of_column, customer_column)):
        if column not in header:
            raise NoColumn(column=column, table=file_name, header=", ".join(header))
    there = by_name(session, chosen)
    if there is None and len(listing(session)) >= MOST:
        raise Invalid(N_("A company keeps at most %(most)s labelled tables. Delete one that is no longer needed."), most=MOST)
    if there is not None:
        same_columns(there, header, file_name)
    args = {
        "name": chosen,
        "file_name": file_name[:255],
        "blob": kept.blob,
        "encoding": dialect.encoding,
        "source": source,
        "as_of_column": as_of_column,
        "customer_column": customer_column,
    }
    job = jobs.ask(session, LOAD, args, dedupe_key=kept.blob, asked_by=actor.member_id if actor else None)
    record(
        session, actor or system(), "labelled:import_started", f"labelled:{chosen}", {"file": file_name, "sha256": kept.sha256}
    )
    return job


def same_columns(there: LabelledSet, header: Sequence[str], file_name: str) -> None:
    """Raises OtherColumns where a file does not have the columns of the table it is to be added to."""
    known = [column["name"] for column in there.columns]
    if known != list(header):
        raise OtherColumns(name=there.name, file=file_name, there=", ".join(known), here=", ".join(header))


def listing(session: Session) -> Sequence[LabelledSet]:
    """The company's labelled tables, by name."""
    return session.execute(select(LabelledSet).order_by(LabelledSet.name)).scalars().all()


def by_name(session: Session, name: str) -> LabelledSet | None:
    return session.execute(select(LabelledSet).where(LabelledSet.name == name)).scalar_one_or_none()


def get(session: Session, public_id: uuid.UUID) -> LabelledSet:
    """Raises NotFound."""
    row = session.execute(select(LabelledSet).where(LabelledSet.public_id == public_id)).scalar_one_or_none()
    if row is None:
        raise NotFound(N_("There is no such labelled table in this company."))
    return row


def columns_of(row: LabelledSet) -> tuple[Column, ...]:
    return tuple(Column.from_json(one) for one in row.columns)


def delete(session: Session, actor: Actor, row: LabelledSet) -> None:
    """Delete a table with every question asked of it, their models and scores. A job removes the files.

    Raises Forbidden, or Conflict where a segment's rule asks for one of them.
    """
    from kith_platform.labelled import questions

    for one in questions.of_set(session, row):
        questions.delete(session, actor, one)
    session.flush()
    session.delete(row)
    forget_files(session, actor, [row.blob.rpartition("/")[0]])
    record(session, actor, "labelled:deleted", f"labelled:{row.public_id}", {"name": row.name, "lines": row.lines})
    session.flush()


def forget_files(session: Session, actor: Actor, blobs: list[str]) -> None:
    """Let a job remove files that no row names any more."""
    from kith_platform.jobs import service as jobs

    jobs.ask(session, CLEAN, {"blobs": blobs}, asked_by=actor.member_id)
