"""Placements as charts: the map of codes, the figures beside it, and the migration matrix. All texts are translated here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask_babel import gettext

from kith_platform.placements.history import Matrix, Rates
from kith_platform.placements.service import Cell
from kith_platform.sdk.types import Placement, PlacementColumn, PlacementFigure
from kith_platform.web.charts import Chart, Series

LinkTo = Callable[[str], str]
COHORT_MONTHS = 13
BRIEF = 3  # a code of so few letters may stand for its words where there is no room


def code_column(placement: Placement) -> PlacementColumn | None:
    """The column that is the code."""
    return next((column for column in placement.columns if column.kind == "text"), None)


def names(placement: Placement, found: Mapping[str, Any] | Sequence[str]) -> dict[str, str]:
    """Words for every code, in the order in which they are declared; codes without words are their own."""
    column = code_column(placement)
    labels = dict(column.labels) if column else {}
    return {
        code: gettext(labels[code]) if code in labels else code
        for code in (*labels, *(one for one in found if one not in labels))
    }


def map_of(placement: Placement, counted: Mapping[str, Cell], words: Mapping[str, str], link: LinkTo) -> Chart:
    """The map: a grid where the placement lays its codes out so, else a bar for each. Every cell leads to its customers."""
    shape = placement.map

    def customers(code: str) -> int | None:
        return (counted[code].customers if code in counted else 0) if code else None

    if shape is None or not shape.columns:
        codes = [row[0] for row in shape.cells] if shape else list(words)
        one = Series(name=gettext("Customers"), values=[customers(code) for code in codes], links=[link(code) for code in codes])
        colours = [shape.colours.get(code, "") for code in codes] if shape else []
        title, categories = gettext("Customers in each group"), [words[code] for code in codes]
        return Chart(
            key=placement.key, title=title, kind="row", categories=categories, series=[one], colours=colours, tall=len(codes) > 9
        )
    rows = [
        Series(
            name=gettext(shape.rows[at]) if at < len(shape.rows) else "",
            values=[customers(code) for code in codes],
            links=[link(code) if code else "" for code in codes],
            labels=[_cell(code, words.get(code, "")) for code in codes],
            colours=[shape.colours.get(code, "") for code in codes],
        )
        for at, codes in enumerate(shape.cells)
    ]
    columns = [gettext(label) for label in shape.columns]
    return Chart(key=placement.key, title=gettext("Customers in each group"), kind="heatmap", categories=columns, series=rows)


def _cell(code: str, words: str) -> str:
    """A short code stands before its words, where it is not all of them."""
    return words if code == words or len(code) > BRIEF else f"{code} {words}".strip()


def figure_of(figure: PlacementFigure, rows: Sequence[Mapping[str, Any]], link: LinkTo) -> Chart | list[str] | None:
    """A figure as a chart or as lines of text; None where there is nothing to show."""
    if not rows:
        return None
    title, note = gettext(figure.title), gettext(figure.note) if figure.note else ""
    if figure.shape == "list":
        return [_line(row) for row in rows]
    if figure.shape == "bars":
        one = Series(name=title, values=[row["value"] for row in rows])
        unit = "number" if figure.unit == "days" else figure.unit
        labels = [gettext(said) for row in rows if (said := row["name"])]
        return Chart(key=figure.key, title=title, kind="row", categories=labels, series=[one], unit=unit, note=note)
    if figure.shape == "curve":
        series = [Series(name=title, values=[row["y"] for row in rows])]
        return Chart(
            key=figure.key,
            title=title,
            kind="line",
            categories=[f"{row['x']:.0%}" for row in rows],
            series=series,
            unit="percent",
            note=note,
        )
    return _cohorts(figure, rows, title, note, link)


def _line(row: Mapping[str, Any]) -> str:
    """A sentence with its numbers (`params`) and its words (`say`, which are translated, too, and may hold some of them)."""
    said, params = row["text"], row.get("params", {})
    words = {name: gettext(word, **params) if "%(" in word else gettext(word) for name, word in row.get("say", {}).items()}
    return str(gettext(said, **params, **words))


def _cohorts(figure: PlacementFigure, rows: Sequence[Mapping[str, Any]], title: str, note: str, link: LinkTo) -> Chart:
    """One row of cells for each cohort: the share that bought again k months later. Each opens the cohort's customers."""
    cohorts: dict[str, dict[int, Mapping[str, Any]]] = {}
    for row in rows:
        cohorts.setdefault(row["cohort"], {})[row["k"]] = row
    most = min(COHORT_MONTHS, max(row["k"] for row in rows) + 1)
    series = [
        Series(
            name=f"{cohort} ({next(iter(cells.values()))['size']})",
            values=[cells[k]["share"] if k in cells else None for k in range(most)],
            links=[link(cohort)] * most,
        )
        for cohort, cells in sorted(cohorts.items())[-COHORT_MONTHS:]
    ]
    return Chart(
        key=figure.key,
        title=title,
        kind="heatmap",
        categories=[str(k) for k in range(most)],
        series=series,
        unit="percent",
        x_label=gettext("Months after the first purchase"),
        note=note,
        tall=True,
    )


def matrix_of(found: Rates, words: Mapping[str, str], codes: Sequence[str]) -> Chart:
    """Where those of each row went, as shares of the row."""
    brief = all(len(code) <= BRIEF and words[code] != code for code in codes)
    ends = [*codes, *([""] if any(found.shares[code].get("") for code in codes) else [])]
    series = [
        Series(
            name=f"{f'{code} ' if brief else ''}{words[code]}{' *' if code in found.shrunk else ''}",
            values=[found.shares[code].get(now, 0.0) if found.shares[code] else None for now in ends],
        )
        for code in codes
    ]
    return Chart(
        key="moves",
        title=gettext("Where customers went, share of each row"),
        kind="heatmap",
        categories=[(code if brief else words[code]) if code else gettext("no place") for code in ends],
        series=series,
        unit="percent",
        tall=True,
    )


def projection_of(
    stock: Mapping[str, float], after: Mapping[str, float], words: Mapping[str, str], codes: Sequence[str]
) -> Chart:
    """Customers by code, now and after one more span like this one."""
    now = Series(name=gettext("Now"), values=[stock.get(code, 0) for code in codes], colour="muted")
    then = Series(
        name=gettext("If it goes on like this"), values=[round(after.get(code, 0), 1) for code in codes], colour="accent"
    )
    return Chart(
        key="projection",
        title=gettext("One more span like this one"),
        kind="bar",
        categories=[words[code] for code in codes],
        series=[now, then],
        note=gettext("Left: now. Right: after one more span, if customers go on moving and arriving as they did."),
    )


def moved(found: Matrix) -> int:
    """How many have another code than before."""
    return int(sum(count for (was, now), count in found.counts.items() if was and now and was != now))
