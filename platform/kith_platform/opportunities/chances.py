"""The chance that an open opportunity is won: by the model, else as stated with it, else what became of those of its stage.

As in the metric cim.sal.weighted_pipeline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Float, case, cast, func, select, union
from sqlalchemy.orm import Session

from kith_platform.facts.models import Opportunity, OpportunityStage
from kith_platform.opportunities.service import LOST
from kith_platform.opportunities.stages import WON
from kith_platform.predict.models import FactScore

CLOSED_ENOUGH = 10  # closed ones that stood in a stage, before its history says anything
MODEL, STATED, HISTORY = "model", "stated", "history"


@dataclass(frozen=True)
class Chance:
    """`value` between 0 and 1, None where nobody knows; from MODEL, STATED or HISTORY (of `closed` opportunities)."""

    value: float | None
    source: str = ""
    closed: int = 0


def of(session: Session, rows: Sequence[Any], scores: Mapping[int, FactScore]) -> dict[int, Chance]:
    """The chances of these opportunities by their ids; `scores` are of the model that serves, none where none does."""
    known = history(session) if any(row.id not in scores and _stated(row) is None for row in rows) else {}
    return {row.id: _of(row, scores.get(row.id), known) for row in rows}


def _of(row: Any, score: FactScore | None, known: Mapping[str, Chance]) -> Chance:
    if score is not None:
        return Chance(score.value, MODEL)
    own = _stated(row)
    return known.get(row.stage or "", Chance(None)) if own is None else Chance(own, STATED)


def _stated(row: Any) -> float | None:
    given = None if row.probability is None else float(row.probability)
    return given if given is not None and 0 <= given <= 1 else None


def history(session: Session) -> dict[str, Chance]:
    """By stage as facts write it: of the closed opportunities that stood in it, the share won."""
    one = Opportunity
    over = (one.duplicate.is_not(True), one.status.in_((WON, LOST)), one.closed_at.is_not(None))
    ended = select(one.id, one.stage, one.status).where(*over).cte("ended")
    passed = select(OpportunityStage.opportunity_id.label("id"), OpportunityStage.stage)
    passed = passed.join(ended, ended.c.id == OpportunityStage.opportunity_id)
    stood = union(passed, select(ended.c.id, ended.c.stage)).subquery("stood")
    won = func.avg(case((ended.c.status == WON, 1.0), else_=0.0))
    statement = (
        select(stood.c.stage, cast(won, Float), func.count())
        .join(ended, ended.c.id == stood.c.id)
        .where(stood.c.stage.is_not(None))
        .group_by(stood.c.stage)
        .having(func.count() >= CLOSED_ENOUGH)
    )
    return {stage: Chance(share, HISTORY, count) for stage, share, count in session.execute(statement)}
