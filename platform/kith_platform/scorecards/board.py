"""Scorecards of the enabled modules: values against what was agreed, criterion by criterion, with the index and its past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from kith_platform.criteria import service as criteria
from kith_platform.criteria.models import SuccessCriterion
from kith_platform.criteria.scores import Scored, scored, scores
from kith_platform.errors import NotFound
from kith_platform.i18n import N_
from kith_platform.metrics import service as metrics
from kith_platform.metrics import store
from kith_platform.metrics.answers import Offered
from kith_platform.metrics.models import MetricValue
from kith_platform.metrics.periods import month, months
from kith_platform.metrics.service import Shown
from kith_platform.modules import service as modules
from kith_platform.plugins import Plugins
from kith_platform.sdk.scoring import Part, Scorecard, Weighted
from kith_platform.sdk.types import Period

Months = Sequence[tuple[Period, MetricValue | None]]
ORDER = {"cim": 0, "cem": 1, "csm": 2}  # others after them
RIPENING = ("immature", "empty_denominator")  # for these the newest month with a value stands


@dataclass(frozen=True)
class Line:
    """One metric on a scorecard: its value as it is judged, and by what."""

    shown: Shown
    months: Months
    value: float | None
    agreed: SuccessCriterion | None
    scored: Scored

    @property
    def key(self) -> str:
        return self.shown.metric.key


@dataclass(frozen=True)
class Block:
    """A part of a scorecard with the metrics of it that the company has."""

    part: Part
    score: float | None
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Board:
    """One scorecard over one period. `indices` by profile ("" where there is one way to weigh); `trend` in the first profile."""

    plugin: str
    card: Scorecard
    parts: tuple[Block, ...]
    indices: Mapping[str, Weighted]
    trend: tuple[tuple[Period, Weighted], ...]

    @property
    def index(self) -> Weighted:
        return next(iter(self.indices.values()))

    @property
    def lines(self) -> list[Line]:
        return [line for part in self.parts for line in part.lines]


def judged_period(session: Session) -> Period | None:
    """The newest month that is over, as far as it was computed; else the newest. None before the first refresh."""
    newest = metrics.latest_period(session)
    if newest is None:
        return None
    noted = store.noted(session, newest)
    before = _eve(newest)
    if noted is not None and noted.partial and store.noted(session, before) is not None:
        return before
    return newest


def boards(session: Session, plugins: Plugins, period: Period) -> list[Board]:
    """Every scorecard of the enabled modules, in a dozen queries however many metrics there are."""
    cards: list[tuple[str, Scorecard]] = plugins.brought("scorecards", modules.enabled(session, plugins))
    wanted = {key for _plugin, card in cards for part in card.parts for key in part.metrics}
    lines = read(session, plugins, sorted(wanted), period)
    return [
        _board(plugin, card, lines, period) for plugin, card in sorted(cards, key=lambda one: ORDER.get(one[1].key, len(ORDER)))
    ]


def board(session: Session, plugins: Plugins, key: str, period: Period) -> Board:
    """One of them. Raises NotFound for a key that none of the company's modules brings."""
    for plugin, card in plugins.brought("scorecards", modules.enabled(session, plugins)):
        if card.key == key:
            lines = read(session, plugins, [one for part in card.parts for one in part.metrics], period)
            return _board(plugin, card, lines, period)
    raise NotFound(N_("There is no scorecard '%(key)s' here. Switch on the module that brings it."), key=key)


def read(session: Session, plugins: Plugins, keys: Sequence[str], period: Period) -> dict[str, Line]:
    """Those of the metrics that the company has, by key, each against the record in force.

    What only knows the present, such as data quality, is read from the running month where the month before it is judged.
    """
    offered = {one.metric.key: one for one in metrics.catalogue(session, plugins)}
    found = [offered[key] for key in keys if key in offered]
    newest = metrics.latest_period(session)
    present = [one for one in found if one.metric.latest_only] if newest is not None and _eve(newest) == period else []
    past = [one for one in found if one not in present]
    agreed = criteria.in_force(session, [one.metric.key for one in found])
    lines = _lines(session, past, period, agreed)
    return lines | (_lines(session, present, newest, agreed) if present and newest is not None else {})


def _lines(session: Session, found: Sequence[Offered], period: Period, agreed: Mapping[str, SuccessCriterion]) -> dict[str, Line]:
    series = metrics.series(session, [one.metric.key for one in found], period)
    lines = {}
    for shown in metrics.shown(session, found, period):
        key = shown.metric.key
        value, row = _standing(series[key], period), agreed.get(key)
        lines[key] = Line(shown, series[key], value, row, scored(value, criteria.criterion(row) if row else None))
    return lines


def _eve(period: Period) -> Period:
    """The month before."""
    return month(period.start, back=1)


def _board(plugin: str, card: Scorecard, lines: Mapping[str, Line], period: Period) -> Board:
    mine = {key: lines[key] for part in card.parts for key in part.metrics if key in lines}
    now = {key: line.scored.score for key, line in mine.items()}
    by_part = card.part_scores(now)
    parts = [Block(part, by_part[part.key], tuple(mine[key] for key in part.metrics if key in mine)) for part in card.parts]
    profiles = [one.key for one in card.profiles] or [""]
    indices = {profile: card.index(now, profile) for profile in profiles}
    trend = [*_past(card, mine, period), (period, indices[profiles[0]])] if any(line.agreed for line in mine.values()) else []
    return Board(plugin, card, tuple(one for one in parts if one.lines), indices, tuple(trend))


def _past(card: Scorecard, lines: Mapping[str, Line], period: Period) -> list[tuple[Period, Weighted]]:
    """The index of the months before, judged by the records in force now."""
    agreed = {key: criteria.criterion(line.agreed) for key, line in lines.items() if line.agreed is not None}
    return [
        (place, card.index(scores({key: _standing(lines[key].months, place) for key in agreed}, agreed)))
        for place in months(period.start)[:-1]
    ]


def _standing(line: Months, wanted: Period) -> float | None:
    """A month's value; where it still ripens or had nothing to count, the newest value before."""
    known = [(place, value) for place, value in line if value is not None and place.start <= wanted.start]
    if not known or known[-1][0].start != wanted.start:
        return None
    value = known[-1][1]
    if value.value is not None or value.reason not in RIPENING:
        return value.value
    return next((one.value for _place, one in reversed(known) if one.value is not None), None)
