"""Files that were brought and never loaded: a draft is kept for a week, then it and its dry runs go, with their file."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Select, delete, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from kith_platform.blobs import TenantBlobs
from kith_platform.imports.models import DRAFT, RUNNING, WAITING, Import, ImportReject

KEPT = dt.timedelta(days=7)


def stale(session: Session) -> bool:
    """Whether there is any draft to forget."""
    return session.execute(_old().limit(1)).first() is not None


def forget(session: Session, blobs: TenantBlobs) -> int:
    """Delete drafts older than KEPT with their dry runs and files; how many drafts went.

    Not those with a dry run that is at work or younger. Begun again after a failure it goes on: a file that is gone is no error.
    """
    files = set(session.execute(_old().with_for_update(skip_locked=True)).scalars())
    if not files:
        return 0
    gone = select(Import.id).where(Import.blob.in_(files), or_(Import.state == DRAFT, Import.dry_run))
    session.execute(delete(ImportReject).where(ImportReject.import_id.in_(gone)))
    went = session.execute(delete(Import).where(Import.id.in_(gone)).returning(Import.state)).scalars().all()
    for file in files:
        blobs.remove(file.rpartition("/")[0])
    return sum(state == DRAFT for state in went)


def _old() -> Select[Any]:
    """The files of drafts to forget. A file that was loaded in earnest from elsewhere is no draft's alone, and stays."""
    other = aliased(Import)
    recent = or_(other.created_at >= func.now() - KEPT, other.state.in_((WAITING, RUNNING)), ~other.dry_run)
    needed = exists().where(other.blob == Import.blob, other.id != Import.id, recent)
    return select(Import.blob).where(Import.state == DRAFT, Import.created_at < func.now() - KEPT, ~needed)
