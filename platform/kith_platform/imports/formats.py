"""How a column writes its values, decided once over a sample and kept in the mapping: decimal sign, date order, id form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from kith_platform.imports.problems import Note, note
from kith_platform.sdk.facts import Kind

MISSING = ("", "n/a", "na", "#n/a", "-", "--", "—", "unknown", "null", "none", "nan", "nat", "\\n", "未知", "不详", "不詳", "空")
# Where people write the month first. Everybody else writes the day or the year first.
MONTH_FIRST_ZONES = (
    *("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Phoenix", "America/Detroit"),
    *("America/Anchorage", "America/Boise", "America/Indiana/", "America/Kentucky/", "Pacific/Honolulu", "Asia/Manila", "US/"),
)
TIME_OF_DAY = (
    r"(?:(?:T|\s+|,\s*)(?:([AaPp]\.?[Mm]\.?|上午|下午)\s*)?(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?"
    r"\s*([AaPp]\.?[Mm]\.?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?)?"
)
NUMERIC = rf"^(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{4}}|\d{{2}}){TIME_OF_DAY}$"

AFTER = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}  # units of a length of time, in seconds
_UNIT = re.compile(
    r"[\s_(（\[-]*(?:(?P<seconds>seconds?|secs?|秒)|(?P<minutes>minutes?|mins?|分钟|分鐘)|(?P<hours>hours?|hrs?|小时|小時)|(?P<days>days?|天))"
    r"[)）\]]?$",
    re.IGNORECASE,
)

_SHOWN = {"dmy": "DD/MM/YYYY", "mdy": "MM/DD/YYYY"}


@dataclass(frozen=True, kw_only=True)
class Format:
    """`decimal` "." or ","; `order` of dates: "ymd" (also 20240305 and 2024年3月5日), "dmy", "mdy", "unix", "unix_ms", or
    a unit of AFTER: the cell says how much later than the row's own time it was. `id_float`: read 17850.0 as 17850; `values`:
    what the file writes → the declared choice."""

    decimal: str = "."
    order: str = "ymd"
    id_float: bool = False
    values: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Only what differs from the default."""
        plain = Format()
        found = {key: value for key, value in asdict(self).items() if value != getattr(plain, key)}
        return found | ({"values": dict(self.values)} if self.values else {})

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Format:
        """Raises TypeError or ValueError for unknown keys and values."""
        values = tuple((str(key), str(value)) for key, value in dict(data.get("values", {})).items())
        found = cls(**{**data, "values": values})
        if found.decimal not in {".", ","} or found.order not in {"ymd", "dmy", "mdy", "unix", "unix_ms", *AFTER}:
            raise ValueError(f"{found.decimal} {found.order}")
        return found


@dataclass(frozen=True)
class Decision:
    """A column's format, whether the sample proves it, and what to tell the user."""

    format: Format
    certain: bool = True
    notes: tuple[Note, ...] = ()


def length_of_time(header: str) -> tuple[str, str]:
    """What a header measures and the unit of AFTER in which it does: first_response_time_minutes → (first_response_time,
    minutes); ("", "") for one that names no unit."""
    found = _UNIT.search(header.strip())
    return (header.strip()[: found.start()], str(found.lastgroup)) if found and found.start() else ("", "")


def present(texts: pl.Series) -> pl.Series:
    """The stripped values that say something."""
    clean = texts.drop_nulls().str.strip_chars()
    return clean.filter(~clean.str.to_lowercase().is_in(MISSING))


def decide(texts: pl.Series, kind: Kind, *, name: str, language: str = "en", zone: str = "UTC") -> Decision:
    """How the column called `name` writes values of a kind. `texts`: a sample (String), the larger the better.

    Where nothing shows whether the day or the month comes first, the company's zone decides, and a note asks the user.
    """
    values = present(texts)
    if kind in (Kind.DATE, Kind.TIME):
        return _dates(values, name, language, zone)
    if kind in (Kind.INTEGER, Kind.NUMBER, Kind.MONEY, Kind.RATE):
        return _numbers(values, name)
    if kind is Kind.REFERENCE:
        return identifiers(values, name)
    return Decision(Format())


def identifiers(texts: pl.Series, name: str) -> Decision:
    """Ids stay text, leading zeros and all. Where every id of the column ends in .0, a spreadsheet did it."""
    values = present(texts)
    if values.len() and values.str.contains(r"^[1-9]\d*\.0+$").all():
        return Decision(Format(id_float=True), True, (note("id_float", column=name, example=values[0]),))
    return Decision(Format())


def _dates(values: pl.Series, name: str, language: str, zone: str) -> Decision:
    if not values.len():
        return Decision(Format())
    for order, shape in (("unix", r"^\d{9,10}(?:\.\d+)?$"), ("unix_ms", r"^\d{12,13}$")):
        if values.str.contains(shape).mean() > 0.9:  # type: ignore[operator]
            return Decision(Format(order=order))
    parts = values.str.extract_groups(NUMERIC).struct.unnest()
    first = parts.to_series(0).cast(pl.Int64, strict=False)
    second = parts.to_series(1).cast(pl.Int64, strict=False)
    numeric = first.drop_nulls().len()
    if numeric * 2 < values.len():
        return Decision(Format(order="ymd"))
    day_first, month_first = int((first > 12).sum()), int((second > 12).sum())
    if values.str.contains(r"^\d{1,2}\.\d{1,2}\.").mean() > 0.9:  # type: ignore[operator]
        day_first += 1  # with dots, nobody writes the month first
    order = "dmy" if day_first > month_first else "mdy" if month_first > day_first else _custom(language, zone)
    if day_first and month_first:
        return Decision(Format(order=order), False, (note("day_month_mixed", column=name, order=_SHOWN[order]),))
    if not day_first and not month_first:
        return Decision(Format(order=order), False, (note("day_month_unsure", column=name, order=_SHOWN[order]),))
    return Decision(Format(order=order))


def agreed(decisions: Mapping[Any, Decision]) -> dict[Any, Decision]:
    """The same decisions; where some columns of a file show whether the day or the month comes first, and none shows the other,
    the columns that do not show it are written likewise."""
    shown = {one.format.order for one in decisions.values() if one.certain} & set(_SHOWN)
    mixed = any(note.code == "day_month_mixed" for one in decisions.values() for note in one.notes)
    if len(shown) != 1 or mixed:
        return dict(decisions)
    order = shown.pop()
    doubtful = {at for at, one in decisions.items() if any(note.code == "day_month_unsure" for note in one.notes)}
    return {at: Decision(Format(order=order)) if at in doubtful else one for at, one in decisions.items()}


def _custom(language: str, zone: str) -> str:
    return "mdy" if language == "en" and zone.startswith(MONTH_FIRST_ZONES) else "dmy"


def _numbers(values: pl.Series, name: str) -> Decision:
    """The sign that stands last with other than three digits after it, or after the other sign, is the decimal sign."""
    if not values.len():
        return Decision(Format())
    comma = _count(values, r",\d{1,2}\D*$|,\d{4,}\D*$|\..*,|\.\d{3}\.\d{3}\b")
    point = _count(values, r"\.\d{1,2}\D*$|\.\d{4,}\D*$|,.*\.|,\d{3},\d{3}\b")
    if comma or point:
        return Decision(Format(decimal="," if comma > point else "."), not (comma and point))
    doubtful = values.filter(values.str.contains(r"^\D*[1-9]\d{0,2},\d{3}\D*$"))
    if doubtful.len():
        return Decision(Format(), False, (note("decimal_unsure", column=name, example=doubtful[0], decimal="."),))
    return Decision(Format(decimal="," if _count(values, r"^\D*0,\d{3}\D*$") else "."))


def _count(values: pl.Series, pattern: str) -> int:
    return int(values.str.contains(pattern).sum())
