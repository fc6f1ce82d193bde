"""Which version of a question serves, as people decide it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from kith_platform.audit.service import record
from kith_platform.errors import Conflict, Forbidden
from kith_platform.i18n import N_
from kith_platform.labelled import questions, service
from kith_platform.labelled.models import OwnQuestion
from kith_platform.predict.listing import OWN
from kith_platform.predict.models import CHAMPION, RETIRED
from kith_platform.predict.serving import version
from kith_tenants.context import Actor

if TYPE_CHECKING:
    from kith_platform.jobs.models import Job


def use_again(session: Session, actor: Actor, row: OwnQuestion, public_id: uuid.UUID) -> Job:
    """Ask that a version which served before scores anew and serves again; scores and version change together, by a job.

    Raises Forbidden, also for who may not let models learn from a sensitive column that the version learnt from; NotFound;
    Conflict for a version that never served or serves now; NoColumn where one that was put back is gone.
    """
    from kith_platform.jobs import service as jobs

    if not actor.can("models:train"):
        raise Forbidden
    found = version(session, row.task, public_id)
    if found.state == CHAMPION:
        raise Conflict(N_("Version %(version)s serves already."), version=found.version)
    if found.state != RETIRED:
        raise Conflict(N_("Version %(version)s never served, so it cannot serve again. Train a new one."), version=found.version)
    kept = set(found.parameters.get("kept", ())) - set(row.keep)
    questions.may_keep(session, actor, questions.table_of(session, row), kept)
    args = {"question": row.id, "version": found.version, "address": row.public_id.hex, "about": row.task.removeprefix(OWN)}
    job = jobs.ask(session, service.USE, args, dedupe_key=f"{row.id}:{found.version}", asked_by=actor.member_id)
    record(session, actor, "question:version_used", f"question:{row.public_id}", {"task": row.task, "version": found.version})
    return job
