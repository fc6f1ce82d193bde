"""What it earns to contact the customers most likely to be lost (domain.md D1): Σ [chance · share saved · value − cost].

Told on the test rows: as expected from what was said beforehand, and as it came. Value, cost, share and capacity are assumptions
that the reader may change; nothing of them is kept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from flask_babel import gettext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kith_platform.errors import FieldError
from kith_platform.i18n import N_
from kith_platform.predict.models import CHAMPION, RETIRED, ModelVersion, Score
from kith_platform.predict.tasks import Task
from kith_platform.web import locale
from kith_platform.web.charts import Chart, Series

SAVED, COST_SHARE, TENTH = 0.1, 0.01, 0.1
MOST = 1e12
_Curve = Sequence[Mapping[str, float]]


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """`value` of a customer saved and `cost` of a contact in the company's currency, `saved` the share a contact saves (0 to 1),
    `capacity` how many can be contacted. `errors` say what of the given could not be read; the default stands for it.
    """

    value: float
    cost: float
    saved: float
    capacity: int
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True)
class Point:
    """Profit in the company's currency of contacting the best `n`: expected beforehand, and as it came."""

    n: float
    expected: float
    came: float


@dataclass(frozen=True)
class Profit:
    """The curve from nobody to all, its best point by what was expected, and the point at the capacity."""

    points: tuple[Point, ...]
    best: Point
    at_capacity: Point


def curve_of(task: Task, row: ModelVersion | None) -> _Curve:
    """The test rows' gains by what serves; empty where the version has none, or a contact saves nobody."""
    gains = row.report.get("gains") if row and task.saves else None
    if not gains:
        return ()
    found: _Curve = gains["model" if row and row.state in (CHAMPION, RETIRED) else "rule"]
    return found


def assumed(session: Session, given: Mapping[str, str], curve: _Curve) -> Assumptions:
    """What the reader gave. Else the mean of customers' lifetime values (0 where unknown), a hundredth of it for a contact, one
    of ten saved, and room for a tenth of the customers.
    """
    mean = session.execute(select(func.avg(Score.value)).where(Score.task == "clv")).scalar()
    errors: list[FieldError] = []

    def read(name: str, otherwise: float, *, most: float = MOST, least: float = 0.0) -> float:
        text = given.get(name, "").strip().replace(",", "").rstrip("%")
        if not text:
            return otherwise
        try:
            found = float(text)
        except ValueError:
            found = math.nan
        if not least <= found <= most:
            words = N_("Give a number from %(least)s to %(most)s.")
            errors.append(FieldError(name, words, {"least": f"{least:g}", "most": f"{most:,.0f}"}))
            return otherwise
        return found

    everybody = curve[-1]["n"]
    value = read("value", _rounded(float(mean or 0.0)))
    cost = read("cost", _rounded(COST_SHARE * value))
    saved = read("saved", 100 * SAVED, most=100.0) / 100
    capacity = int(read("capacity", max(1.0, TENTH * everybody), least=1.0))
    return Assumptions(value=value, cost=cost, saved=saved, capacity=capacity, errors=tuple(errors))


def of(curve: _Curve, given: Assumptions) -> Profit:
    """Profit along the curve. Between its steps it runs straight; beyond its end there is nobody more to contact."""
    worth = given.saved * given.value
    points = (
        Point(0.0, 0.0, 0.0),
        *(
            Point(one["n"], one["expected"] * worth - one["n"] * given.cost, one["came"] * worth - one["n"] * given.cost)
            for one in curve
        ),
    )
    return Profit(points, max(points, key=lambda point: point.expected), _at(points, given.capacity))


def chart(profit: Profit) -> Chart:
    """Expected profit against how many are contacted, and what would have come."""
    return Chart(
        key="profit",
        title=gettext("Profit by how many are contacted"),
        kind="line",
        categories=[str(locale.number(point.n, 0)) for point in profit.points],
        series=(
            Series(name=gettext("expected"), values=[point.expected for point in profit.points], colour="accent"),
            Series(name=gettext("came"), values=[point.came for point in profit.points], colour="muted", dashed=True),
        ),
        unit="money",
        x_label=gettext("customers contacted, highest chance first"),
        note=gettext("On the customers it was judged on: chance × share saved × value, less the cost of each contact."),
    )


def words(profit: Profit) -> tuple[str, ...]:
    """The best number and the profit at the capacity, in the reader's language."""

    def numbers(point: Point) -> dict[str, Any]:
        return {
            "count": locale.number(point.n, 0),
            "expected": locale.money(point.expected, whole=True),
            "came": locale.money(point.came, whole=True),
        }

    everybody = locale.number(profit.points[-1].n, 0)
    first = (
        gettext(
            "Best: contact %(count)s of %(all)s. Expected %(expected)s; it would have been %(came)s.",
            all=everybody,
            **numbers(profit.best),
        )
        if profit.best.n
        else gettext("With these assumptions no contact earns what it costs.")
    )
    return first, gettext(
        "With room for %(count)s: expected %(expected)s; it would have been %(came)s.", **numbers(profit.at_capacity)
    )


def _at(points: Sequence[Point], n: float) -> Point:
    for before, after in pairwise(points):
        if n <= after.n:
            part = (n - before.n) / (after.n - before.n)
            ends = ((before.expected, after.expected), (before.came, after.came))
            expected, came = (low + part * (high - low) for low, high in ends)
            return Point(float(n), expected, came)
    return points[-1]


def _rounded(value: float) -> float:
    """To two figures: a default must not look exact."""
    return float(f"{value:.2g}")
