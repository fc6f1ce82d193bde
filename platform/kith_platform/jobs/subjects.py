"""What a job works on, in the company's own words, and the page that shows what came of it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.errors import fill
from kith_platform.i18n import N_
from kith_platform.imports.models import Import
from kith_platform.jobs.models import DONE, Job
from kith_platform.jobs.shown import Shown, Translate, shown
from kith_platform.predict.service import TASKS

IMPORTS = ("imports.load", "imports.undo")
TRAINING = "predict.train"
PRINTING = "reports.print"
BRINGING, ANSWERING = "labelled.load", ("labelled.train", "labelled.use")
TO_HOME = ("refresh.run", "metrics.compute")
DRY = N_("%(file)s, dry run")


@dataclass(frozen=True)
class Page:
    """Where to look at what came of a job: an endpoint with its values, the permission it asks, what its button says."""

    endpoint: str
    permission: str
    label: str
    values: dict[str, Any] = field(default_factory=dict)


def told(session: Session, rows: Sequence[Job], translate: Translate = str) -> list[Shown]:
    """Jobs in words, with what each works on. One query for all imports among them."""
    wanted = {row.args.get("import") for row in rows if row.kind in IMPORTS}
    files = {one.id: one for one in session.execute(select(Import).where(Import.id.in_(wanted))).scalars()} if wanted else {}
    return [_told(row, files, translate) for row in rows]


def _told(row: Job, files: dict[int, Import], translate: Translate) -> Shown:
    found = shown(row, translate)
    if row.state == DONE and row.kind in (TRAINING, *ANSWERING, *TO_HOME):
        found = replace(found, message="")  # the last of their steps; an import's last message is its result
    if row.kind in IMPORTS and (file := files.get(row.args.get("import", 0))) is not None:
        about = fill(translate(DRY), {"file": file.file_name}) if file.dry_run else file.file_name
        page = Page("imports.show", "imports:read", translate(N_("See the import")), {"public_id": file.public_id})
        return replace(found, about=about, page=page)
    if row.kind == TRAINING:
        tasks = [TASKS[key] for key in row.args.get("tasks", ()) if key in TASKS]
        return replace(
            found, about=" · ".join(translate(task.label) for task in tasks), page=_model([task.key for task in tasks], translate)
        )
    if row.kind == PRINTING:
        days = {"from": row.args["start"], "to": (date.fromisoformat(row.args["end"]) - timedelta(days=1)).isoformat()}
        page = Page("reports.index", "metrics:read", translate(N_("See the report")), days)
        return replace(found, about=f"{days['from']} – {days['to']}", page=page)
    if row.kind == BRINGING:
        page = Page("labelled.index", "models:read", translate(N_("See the tables")))
        return replace(found, about=row.args["file_name"], page=page)
    if row.kind in ANSWERING:
        page = Page(
            "labelled.show", "models:read", translate(N_("See the answer")), {"public_id": uuid.UUID(row.args["address"])}
        )
        return replace(found, about=row.args["about"], page=page)
    if row.kind in TO_HOME:
        return replace(found, page=Page("home.show", "home:read", translate(N_("To Home"))))
    return found


def _model(keys: Sequence[str], translate: Translate) -> Page:
    if len(keys) == 1:
        return Page("predict.show", "models:read", translate(N_("See the model")), {"task": keys[0]})
    return Page("predict.index", "models:read", translate(N_("See the models")))
