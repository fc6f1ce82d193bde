"""How a job reads on pages, in the API and on the command line, in the reader's language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kith_platform.errors import fill
from kith_platform.jobs import declared
from kith_platform.jobs.models import DISPATCHED, FAILED, QUEUED, RUNNING, Job

if TYPE_CHECKING:
    from kith_platform.jobs.subjects import Page

Translate = Callable[[str], str]


@dataclass(frozen=True)
class Shown:
    """One job in words. `state` is queued, running, done, failed or cancelled.

    `rate` is per second; `left` and `took` in seconds. `about` (what it works on) and `page` (where to look at what came of
    it) are filled by `subjects.told`.
    """

    id: str
    label: str
    state: str
    done: int
    total: int | None
    rate: float | None
    left: float | None
    message: str
    stopping: bool
    took: float | None = None
    about: str = ""
    page: Page | None = None

    @property
    def title(self) -> str:
        return f"{self.label} · {self.about}" if self.about else self.label

    @property
    def over(self) -> bool:
        return self.state not in (QUEUED, RUNNING)


def shown(row: Job, translate: Translate = str, now: dt.datetime | None = None) -> Shown:
    """A job's row in words. Waiting in its row or in Redis is the same to a reader."""
    rate = _rate(row, now or dt.datetime.now(dt.UTC))
    left = (row.progress_total - row.progress_done) / rate if rate and row.progress_total else None
    words = (row.error, row.error_params) if row.state == FAILED else (row.progress_message, row.progress_params)
    return Shown(
        id=str(row.public_id),
        label=translate(declared.label(row.kind)),
        state=QUEUED if row.state == DISPATCHED else row.state,
        done=row.progress_done,
        total=row.progress_total,
        rate=rate,
        left=left,
        message=fill(translate(words[0]), _grouped(words[1])) if words[0] else "",
        stopping=row.cancel_requested and row.finished_at is None,
        took=(row.finished_at - row.started_at).total_seconds() if row.finished_at and row.started_at else None,
    )


def _grouped(params: Mapping[str, object]) -> dict[str, object]:
    """Whole numbers with their thousands set apart, as all our languages do."""
    return {key: f"{value:,}" if type(value) is int else value for key, value in params.items()}


def _rate(row: Job, now: dt.datetime) -> float | None:
    """Progress per second, when there is enough of it to say."""
    if row.state != RUNNING or row.started_at is None or not row.progress_done:
        return None
    seconds = (now - row.started_at).total_seconds()
    return row.progress_done / seconds if seconds >= 1 else None
