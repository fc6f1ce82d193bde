"""How an import reads on pages and in the API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask_babel import format_decimal, gettext
from sqlalchemy.orm import Session

from kith_platform.attributes.kinds import definitions
from kith_platform.i18n import N_
from kith_platform.imports import dirt, layouts, service
from kith_platform.imports.models import DONE, DRAFT, RUNNING, UNDOING, UNDONE, WAITING, Import
from kith_platform.imports.problems import reason
from kith_platform.jobs.models import Job
from kith_platform.jobs.shown import Shown
from kith_platform.jobs.shown import shown as job_shown
from kith_platform.sdk.facts import Fact

if TYPE_CHECKING:
    from kith_platform.facts.catalogue import FactCatalogue

_BADGES = {WAITING: "queued", UNDOING: "running"}


@dataclass(frozen=True)
class ImportView:
    """An import's row with the words around it. `made`: (what, how many new, how many changed)."""

    row: Import
    state: str
    badge: str
    label: str
    job: Shown | None
    made: list[tuple[str, int, int]]
    unresolved: list[tuple[str, int]]
    misfits: list[tuple[str, str, int]]  # an attribute's key and name, and lines that say something there that does not fit
    dirt: list[str]  # what was odd in lines that were taken, a sentence for each kind
    refused: list[tuple[int, int, str]]  # of each kind of rejection how many lines, the first of them, and why that one

    @property
    def over(self) -> bool:
        return self.state not in (WAITING, RUNNING, UNDOING)

    @property
    def known(self) -> bool:
        """Whether its counts say something: all lines were read, or some before it ended."""
        return self.over and self.state != DRAFT and (self.state in (DONE, UNDONE) or self.row.read > 0)

    @property
    def undoable(self) -> bool:
        return self.over and self.state != DRAFT and not self.row.dry_run and self.row.undone_at is None


def unknown(made: Mapping[str, Any], facts: Iterable[Fact]) -> list[tuple[str, int]]:
    """Columns (msgids) with numbers of something that is not there yet, and on how many rows."""
    found = []
    known = {fact.name: fact for fact in facts}
    for target, count in made.get("unresolved", {}).items():
        name, _, column = target.partition(".")
        declared = (item.label for item in known[name].columns if item.stored_as == column) if name in known else iter(())
        found.append((next(declared, N_("Subscription")), count))
    return found


def shown(session: Session, row: Import, facts: FactCatalogue) -> ImportView:
    """One import in the reader's language."""
    # The job first, and held: the session forgets what nobody holds, and two readings may stand on both sides of its end.
    job = session.get(Job, (row.tenant_id, row.job_id)) if row.job_id else None
    if job is not None and job.finished_at is not None and row.state in (WAITING, RUNNING, UNDOING):
        session.refresh(row)  # it ended between the two readings
    state = service.state(session, row)
    known = layouts.tables(facts)
    made = [
        (gettext(known[name].label_plural), counts.get("inserted", 0), counts.get("updated", 0))
        for name, counts in row.made.items()
        if name in known and (counts.get("inserted") or counts.get("updated"))
    ]
    unresolved = [(gettext(words), count) for words, count in unknown(row.made, facts)]
    wrong: dict[str, int] = row.made.get("misfits", {})
    misfits = [(one.key, one.label, wrong[one.key]) for one in definitions(session) if one.key in wrong] if wrong else []
    label = next((fact.label_plural for fact in known.values() if fact.plural == row.table_name), row.table_name)
    refused = [
        (lines, one.line, reason(one.reason, one.params, translate=gettext))
        for one, lines in (service.refused(session, row) if row.rejected else ())
    ]
    words = job_shown(job, gettext) if job is not None else None
    odd = dirt.told(row.made.get("dirt", {}), gettext, format_decimal)
    return ImportView(row, state, _BADGES.get(state, state), gettext(label), words, made, unresolved, misfits, odd, refused)
