"""A chart as data: the same numbers draw the picture and fill the table behind it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from kith_platform.web import context, locale

Unit = Literal["number", "money", "percent"]
Value = float | int | None

# Fixed colours; the style sheet and assets/charts.js know the same names.
COLOURS = ("accent", "muted", "good", "bad", "A", "B", "C", "D", "E", "L", "acquisition", "growth", "mature", "decline", "left")


@dataclass(frozen=True, kw_only=True)
class Series:
    """One line, row of bars or cloud. `low`/`high` draw the interval band or whiskers. `name` is already translated.

    For a scatter, `values` are y and `x` holds the x of each point. `colour` is one of COLOURS; empty: by order. `links` lead
    from each value to its rows (addresses of this site, "" for none). In a heatmap `labels` stand in the cells before their
    numbers, and `colours` give cells fixed colours.
    """

    name: str
    values: Sequence[Value]
    x: Sequence[Value] = ()
    low: Sequence[Value] = ()
    high: Sequence[Value] = ()
    colour: str = ""
    dashed: bool = False
    links: Sequence[str] = ()
    labels: Sequence[str] = ()
    colours: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One message. All texts are translated already; values are plain numbers (shares as 0.12, money in `currency`).

    kind: `line`, `bar` (standing), `row` (lying bars), `stack`, `heatmap` (each series is one row of cells), `scatter`.
    `colours` gives each bar of a single series its own fixed colour (groups, stages).
    """

    key: str  # unique on the page
    title: str
    kind: Literal["line", "bar", "row", "stack", "heatmap", "scatter"]
    categories: Sequence[str] = ()
    series: Sequence[Series] = ()
    unit: Unit = "number"
    currency: str = ""
    x_label: str = ""
    y_label: str = ""
    x_unit: Unit = "number"
    note: str = ""  # one line under the chart: n, period, source
    colours: Sequence[str] = ()
    diagonal: bool = False  # for calibration: the line where expected equals observed
    tall: bool = False

    def options(self) -> Markup:
        """The JSON that assets/charts.js turns into ECharts options; safe inside a script element."""
        body = {
            "kind": self.kind,
            "title": self.title,
            "categories": list(self.categories),
            "series": [
                {k: v for k, v in vars(one).items() if v not in ("", (), False)} | {"values": list(one.values)}
                for one in self.series
            ],
            "unit": self.unit,
            "xUnit": self.x_unit,
            "currency": self.currency or context.currency(),
            "xLabel": self.x_label,
            "yLabel": self.y_label,
            "colours": list(self.colours),
            "diagonal": self.diagonal,
        }
        text = json.dumps(body, ensure_ascii=False, default=float, allow_nan=False)
        return Markup(text.replace("<", "\\u003c"))  # noqa: S704 - JSON with every "<" escaped cannot end the script

    def write(self, value: Value, unit: Unit | None = None) -> str:
        """One value as the table shows it."""
        kind = unit or self.unit
        if kind == "percent":
            return str(locale.percent(value))
        return str(locale.money(value, self.currency or None)) if kind == "money" else str(locale.number(value))
