"""Workbooks for people with spreadsheets: numbers are numbers, days are days, and no text is ever a formula."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

FORMATS: Mapping[str, str] = {
    "ratio": "0.0%",
    "money": "#,##0.00",
    "money_per_day": "#,##0.00",
    "count": "#,##0.##",
    "list": "#,##0",
    "score": "0.00",
    "coefficient": "0.00",
    "": "#,##0.0#",
}
MIMETYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_NAME = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))


@dataclass(frozen=True)
class Number:
    """A number with the unit of a metric, which says how it is written. None leaves the cell empty."""

    value: float | None
    unit: str = ""


Cell = str | int | dt.date | Number | None


@dataclass(frozen=True)
class Sheet:
    """One table under a head; `widths` in characters, the last one for all further columns. Long texts wrap."""

    name: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    widths: Sequence[int] = (20,)


def written(sheets: Sequence[Sheet], *, title: str = "", made: dt.datetime | None = None) -> bytes:
    """The sheets as an .xlsx file. The same sheets, title and `made` (an aware time) give the same bytes."""
    import xlsxwriter

    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        stamp = (made or dt.datetime(2000, 1, 1, tzinfo=dt.UTC)).astimezone(dt.UTC).replace(tzinfo=None)
        book.set_properties({"title": title, "author": "Kith", "created": stamp})
        top = {"valign": "top", "text_wrap": True}
        styles = {unit: book.add_format({"valign": "top", "num_format": how}) for unit, how in FORMATS.items()}
        styles |= {"text": book.add_format(top), "day": book.add_format({"valign": "top", "num_format": "yyyy-mm-dd"})}
        head = book.add_format({**top, "bold": True, "bottom": 1, "bg_color": "#eef3f3"})
        for one in sheets:
            _fill(book.add_worksheet(one.name.translate(_NAME)[:31]), one, styles, head)
    return file.getvalue()


def _fill(page: Any, sheet: Sheet, styles: Mapping[str, Any], head: Any) -> None:
    for column, title in enumerate(sheet.head):
        page.write_string(0, column, title, head)
        page.set_column(column, column, sheet.widths[min(column, len(sheet.widths) - 1)])
    for row, cells in enumerate(sheet.rows, start=1):
        for column, cell in enumerate(cells):
            _write(page, row, column, cell, styles)
    page.freeze_panes(1, 0)


def _write(page: Any, row: int, column: int, cell: Cell, styles: Mapping[str, Any]) -> None:
    if isinstance(cell, str):
        page.write_string(row, column, cell, styles["text"])  # also what begins with =: nothing here is a formula
    elif isinstance(cell, dt.date):
        page.write_datetime(row, column, cell, styles["day"])
    elif isinstance(cell, int):
        page.write_number(row, column, cell, styles["list"])
    elif cell is not None and cell.value is not None and math.isfinite(cell.value):
        page.write_number(row, column, cell.value, styles.get(cell.unit, styles[""]))
