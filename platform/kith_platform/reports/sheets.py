"""The report as a workbook: about it, its findings, and what was left out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from kith_platform import workbook
from kith_platform.i18n import N_
from kith_platform.reports.reader import UNITS, Reader
from kith_platform.reports.report import SECTIONS, Finding, Report, distance
from kith_platform.reports.wording import Told, Written
from kith_platform.workbook import Cell, Number, Sheet

HEAD = (
    N_("Section"),
    N_("Finding"),
    N_("What we see"),
    N_("Value"),
    N_("Unit"),
    N_("From (95%% interval)"),
    N_("To (95%% interval)"),
    N_("A year before"),
    N_("Change in a year"),
    N_("The period before"),
    N_("Change since"),
    N_("So what"),
    N_("Do what"),
    N_("Who does it"),
    N_("To be done by"),
    N_("Confidence"),
    N_("Cases"),
    N_("Data"),
    N_("Target"),
    N_("Target by"),
    N_("Key"),
)
WIDTHS = (14, 28, 40, 12, 12, 12, 12, 12, 12, 12, 12, 44, 44, 18, 12, 12, 10, 30, 12, 12, 22)


def book(report: Report, told: Written, reader: Reader) -> bytes:
    """The .xlsx file; the same report in the same language gives the same bytes."""
    head = [reader.say(one).replace("%%", "%") for one in HEAD]
    sheets = (
        Sheet(reader.say(N_("Findings")), head, list(_rows(report, told, reader)), WIDTHS),
        Sheet(
            reader.say(N_("Left out")),
            [reader.say(N_("Finding")), reader.say(N_("Why")), head[-1]],
            _omitted(report, reader),
            (34, 60, 24),
        ),
        Sheet(reader.say(N_("About")), [told.title, report.company], _about(report, told, reader), (30, 60)),
    )
    return workbook.written(sheets, title=f"{told.title} {told.period}", made=report.read_at)


def _rows(report: Report, told: Written, reader: Reader) -> Iterator[list[Cell]]:
    for section, (title, many) in zip(SECTIONS, told.sections, strict=True):
        for one, words in zip(report.of(section), many, strict=True):
            yield [title, *_row(one, words, report.currency, reader)]


def _row(one: Finding, words: Told, currency: str, reader: Reader) -> list[Cell]:
    unit = (
        currency
        if one.unit in {"money", "money_per_day"}
        else "%"
        if one.unit == "ratio"
        else reader.say(UNITS.get(one.unit, ""))
    )
    low, high = one.interval or (None, None)
    further = (words.agreed, *words.so) if words.agreed else words.so
    return [
        words.name,
        words.what,
        Number(one.value, one.unit),
        unit,
        Number(low, one.unit),
        Number(high, one.unit),
        *_against(one, "yoy"),
        *_against(one, "mom"),
        " ".join(further),
        words.do,
        words.owner,
        one.due,
        words.confidence,
        one.n,
        words.coverage,
        Number(one.agreed.target if one.agreed else None, one.unit),
        one.agreed.due if one.agreed else None,
        one.key,
    ]


def _against(one: Finding, name: str) -> tuple[Cell, Cell]:
    """The earlier value, and how far the value moved since: in the unit of shares and points, else as a share."""
    then = one.against.get(name)
    if then is None:
        return None, None
    own = one.unit in {"ratio", "points", "score", "coefficient"}
    return Number(then.value, one.unit), Number(distance(one.unit, one.value, then.value), one.unit if own else "ratio")


def _omitted(report: Report, reader: Reader) -> list[list[Cell]]:
    return [[reader.name(one), reader.reason(one.why), one.key] for one in report.omitted]


def _about(report: Report, told: Written, reader: Reader) -> list[list[Cell]]:
    return [
        [reader.say(N_("From")), report.period.start],
        [reader.say(N_("To")), report.period.end - dt.timedelta(days=1)],
        [reader.say(N_("Data up to")), report.until],
        [reader.say(N_("Snapshot")), report.snapshot.hex if report.snapshot else ""],
        [reader.say(N_("Currency")), report.currency],
        [reader.say(N_("In short")), told.summary],
        ["", told.as_of],
    ]
