"""Scorecards as documents, for programs and the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from kith_platform.customers.service import owners
from kith_platform.metrics import store
from kith_platform.metrics.listing import period_document
from kith_platform.plugins import Plugins
from kith_platform.scorecards import board as boards
from kith_platform.scorecards.board import Block, Board, Line
from kith_platform.scorecards.goals import GOALS
from kith_platform.sdk.scoring import Weighted
from kith_platform.sdk.types import Period

People = Mapping[int, tuple[Any, str]]


def document(session: Session, plugins: Plugins, period: Period | None = None) -> dict[str, Any]:
    """All scorecards and the six goals over a month (None: the newest that is over). Before the first refresh all is empty."""
    chosen = period or boards.judged_period(session)
    if chosen is None:
        return {"period": None, "scorecards": [], "goals": []}
    found = boards.boards(session, plugins, chosen)
    lead = boards.read(session, plugins, [key for goal in GOALS for key in goal.metrics], chosen)
    lines = [*(line for one in found for line in one.lines), *lead.values()]
    agreed = [line.agreed.owner_id for line in lines if line.agreed]
    people = owners(session, agreed) if agreed else {}
    return {
        "period": period_document(chosen, store.noted(session, chosen)),
        "scorecards": [_board(one, people) for one in found],
        "goals": [
            {
                "key": goal.key,
                "name": goal.label,
                "model": goal.model,
                "campaign": goal.campaign,
                "metrics": [_line(lead[key], people) for key in goal.metrics if key in lead],
            }
            for goal in GOALS
        ],
    }


def _board(one: Board, people: People) -> dict[str, Any]:
    return {
        "key": one.card.key,
        "module": one.plugin,
        "name": one.card.label,
        "metric": one.card.metric,
        **_index(one.index),
        "profiles": [
            {"key": key, **_index(found), "process_share": one.card.process_share(key) if one.card.process else None}
            for key, found in one.indices.items()
            if key
        ],
        "parts": [_part(block, one, people) for block in one.parts],
        "trend": [{"month": f"{place.start:%Y-%m}", **_index(found)} for place, found in one.trend],
    }


def _index(found: Weighted) -> dict[str, Any]:
    """`index` is null while it is provisional; `value` is what it would be then."""
    return {
        "index": found.published,
        "value": found.value,
        "coverage": found.coverage,
        "provisional": found.provisional,
    }


def _part(block: Block, one: Board, people: People) -> dict[str, Any]:
    weights = one.card.weights()
    return {
        "key": block.part.key,
        "name": block.part.label,
        "group": block.part.group,
        "weight": weights[block.part.key] / sum(weights.values()),
        "score": block.score,
        "metrics": [_line(line, people) for line in block.lines],
    }


def _line(line: Line, people: People) -> dict[str, Any]:
    agreed, stored = line.agreed, line.shown.value
    return {
        "key": line.key,
        "name": line.shown.metric.name,
        "unit": line.shown.metric.unit,
        "kind": line.shown.metric.kind,
        "better": line.shown.metric.better,
        "value": line.value,
        "reason": (stored.reason if stored else "not_computed") or None if line.value is None else None,
        "changes": line.shown.changes,
        "score": line.scored.score,
        "state": line.scored.state,
        "criterion": agreed.public_id if agreed else None,
        "baseline": agreed.baseline if agreed else None,
        "target": agreed.target if agreed else None,
        "owner": people[agreed.owner_id][1] if agreed and agreed.owner_id in people else None,
        "due_on": agreed.due_on if agreed else None,
    }
