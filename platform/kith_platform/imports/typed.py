"""From raw text to typed rows: every mapped column parsed, what cannot be taken rejected with its reason, by whole columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field

import polars as pl

from kith_platform.imports import layouts
from kith_platform.imports.dialect import Dialect
from kith_platform.imports.formats import AFTER
from kith_platform.imports.mapping import Field, Mapping, position
from kith_platform.imports.parsing import Parsed, identifier, parse
from kith_platform.imports.preview import read, target_kind
from kith_platform.imports.problems import FileProblem, reason
from kith_platform.imports.reading import Chunk, Rejected, column
from kith_platform.sdk.facts import Fact, Kind

LINE, CONTENT, PUBLIC, DAY_ONLY = "line", "content", "public", "#day_only"
EARLIEST = dt.date(1900, 1, 1)
SEPARATOR = "\x1f"
CURRENCIES = (".currency", ".currency_from")


@dataclass(frozen=True)
class Typed:
    """`frame`: line, content (the mapped cells as text), one column per target; times also as "target#day_only".

    `misfits`: attribute → lines that say something there that is not of its kind. `dirt`: kind of oddity → lines."""

    frame: pl.DataFrame
    rejected: tuple[Rejected, ...]
    misfits: dict[str, int] = field(default_factory=dict)
    dirt: dict[str, int] = field(default_factory=dict)


def typed(
    chunk: Chunk, mapping: Mapping, dialect: Dialect, facts: Dictionary[str, Fact], *, zone: str, now: dt.datetime
) -> Typed:
    """The chunk's rows by the mapping. `zone` is the tenant's; times without an offset are read in it. Raises FileProblem."""
    rows = chunk.rows
    columns: dict[str, pl.Series] = {}
    reasons: dict[int, tuple[str, dict[str, object]]] = {}
    for item in mapping.fields:
        parsed = read(rows, item, dialect, facts, zone=zone)
        for row, code, params in parsed.failures():
            reasons.setdefault(row, (code, {"of": item.source, **params}))
        _add(columns, item.target, parsed)
    for target, value in mapping.constants:
        _add(columns, target, _constant(target, value, rows.height, facts, zone))
    content = rows.select(
        pl.concat_str(
            [column(position(item.source, dialect)) for item in mapping.fields], separator=SEPARATOR, ignore_nulls=False
        )
    ).to_series()
    frame = pl.DataFrame({LINE: rows["line"], CONTENT: content.fill_null(""), **columns})
    frame = frame.with_columns(pl.col(name).str.to_uppercase() for name in frame.columns if name.endswith(CURRENCIES))
    frame = _measured(frame, mapping, facts)
    frame = _fallbacks(_computed(frame, mapping), mapping, facts)
    for code, bad, params in _wrong(frame, mapping, facts, now):
        for row in bad.to_list():
            reasons.setdefault(row, (code, params))
    lines, raws = rows["line"], rows["raw"]
    rejected = tuple(
        Rejected(int(lines[row]), code, str(raws[row]).rstrip("\r\n"), tuple(params.items()))
        for row, (code, params) in reasons.items()
    )
    if reasons:
        keep = pl.Series([True] * rows.height)
        keep[list(reasons)] = False
        frame = frame.filter(keep)
    return Typed(frame, rejected)


def _constant(target: str, value: str, height: int, facts: Dictionary[str, Fact], zone: str) -> Parsed:
    """One value for every row. Raises FileProblem("mapping") where it does not fit its target."""
    kind, choices = target_kind(Field(1, target), facts)
    texts = pl.Series([value] * height, dtype=pl.String)
    parsed = identifier(texts) if kind is None else parse(texts, kind, zone=zone, choices=choices)
    if failure := next(parsed.failures(), None):
        _row, code, params = failure
        raise FileProblem("mapping", detail=f"{target}: {reason(code, params)}")
    return parsed


def _add(columns: dict[str, pl.Series], target: str, parsed: Parsed) -> None:
    columns[target] = parsed.values
    if parsed.day_only is not None:
        columns[target + DAY_ONLY] = parsed.day_only


def _computed(frame: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    """Amounts a file does not have but implies: quantity × unit price, less the discount."""
    for target, formula in mapping.computed:
        fact = target.partition(".")[0]
        quantity, price, discount = (f"{fact}.{name}" for name in ("quantity", "unit_price", "discount"))
        if formula == "sum(lines)" or quantity not in frame.columns or price not in frame.columns:
            continue
        amount = pl.col(quantity) * pl.col(price)
        if formula.endswith("-discount") and discount in frame.columns:
            amount = amount - pl.col(discount).fill_null(0)
        frame = frame.with_columns(amount.cast(pl.Decimal(38, 4)).alias(target))
    return frame


def _measured(frame: pl.DataFrame, mapping: Mapping, facts: Dictionary[str, Fact]) -> pl.DataFrame:
    """Times that a file gives as so much later than the row's own time."""
    for item in (item for item in mapping.fields if item.format.order in AFTER and frame[item.target].dtype == pl.Duration):
        own = f"{item.fact}.{facts[item.fact].occurred}"
        if item.target == own:
            raise FileProblem("mapping", detail=f"{item.target}: {item.format.order}")
        moment = pl.col(own) + pl.col(item.target) if own in frame.columns else pl.lit(None, dtype=pl.Datetime("us", "UTC"))
        frame = frame.with_columns(moment.alias(item.target))
    return frame


def _fallbacks(frame: pl.DataFrame, mapping: Mapping, facts: Dictionary[str, Fact]) -> pl.DataFrame:
    """A state without its time has had it since the fact's own time; an answer without its day came when it was asked."""
    for name in mapping.facts:
        fact = facts[name]
        for declared in fact.columns:
            target, other = f"{name}.{declared.name}", f"{name}.{declared.falls_back_to}"
            filled = [f"{name}.{item.name}" for item in fact.columns if item.filled_at == declared.name and item is not declared]
            filled = [item for item in filled if item in frame.columns]
            if not declared.falls_back_to or other not in frame.columns or not filled:
                continue
            own = pl.col(target) if target in frame.columns else pl.lit(None)
            given = pl.any_horizontal(*(pl.col(item).is_not_null() for item in filled))
            frame = frame.with_columns(pl.when(given).then(pl.coalesce(own, pl.col(other))).otherwise(own).alias(target))
    return frame


def _wrong(
    frame: pl.DataFrame, mapping: Mapping, facts: Dictionary[str, Fact], now: dt.datetime
) -> list[tuple[str, pl.Series, dict[str, object]]]:
    """Rules over whole columns, each with the rows that break it: required values, currencies, days that cannot be."""
    found: list[tuple[str, pl.Series, dict[str, object]]] = []
    tomorrow = now.date() + dt.timedelta(days=2)  # a day's grace each way: the file may come from the far side of the globe
    for target in (name for name in frame.columns if name.endswith(CURRENCIES)):
        values = frame[target]
        bad = ~values.str.contains("^[A-Z]{3}$").fill_null(value=True)
        found += [("not_currency", pl.Series([at]), {"value": values[at]}) for at in bad.arg_true().to_list()]
    for name in mapping.facts:
        found += _not_whole(frame, facts[name])
        for declared in facts[name].columns:
            target = f"{name}.{declared.name}"
            if target not in frame.columns:
                continue
            values = frame[target]
            if declared.required:
                found.append(("required", values.is_null().arg_true(), {"column": declared.label}))
            if declared.kind in (Kind.DATE, Kind.TIME):
                late = now + dt.timedelta(days=1) if declared.kind is Kind.TIME else tomorrow
                early = dt.datetime.combine(EARLIEST, dt.time(), dt.UTC) if declared.kind is Kind.TIME else EARLIEST
                if not declared.may_be_future:
                    found.append(("future", (values > late).fill_null(value=False).arg_true(), {"column": declared.label}))
                found.append(("too_early", (values < early).fill_null(value=False).arg_true(), {"column": declared.label}))
        found += _before_start(frame, facts[name])
    return found


def _before_start(frame: pl.DataFrame, fact: Fact) -> list[tuple[str, pl.Series, dict[str, object]]]:
    """Lines of a list of how things stand in which something ends before it began."""
    found: list[tuple[str, pl.Series, dict[str, object]]] = []
    start = f"{fact.name}.{fact.occurred}"
    for row in layouts.ROWS.get(fact.name, ()) if layouts.is_layout(fact) and start in frame.columns else ():
        if row.when in frame.columns and frame[row.when].dtype == frame[start].dtype:
            early = (frame[row.when] < frame[start]).fill_null(value=False).arg_true()
            labels: dict[str, object] = {
                "column": fact.column(row.when.partition(".")[2]).label,
                "start": fact.column(str(fact.occurred)).label,
            }
            found.append(("before_start", early, labels))
    return found


def _not_whole(frame: pl.DataFrame, fact: Fact) -> list[tuple[str, pl.Series, dict[str, object]]]:
    """Rows whose shares of a whole are all given and do not add up to 1, by more than a millionth."""
    shares = [f"{fact.name}.{name}" for name in fact.sums_to_one]
    if not shares or not set(shares) <= set(frame.columns):
        return []
    sums = frame.select(pl.sum_horizontal(shares, ignore_nulls=False).cast(pl.Float64)).to_series()
    labels = ", ".join(fact.column(name).label for name in fact.sums_to_one)
    bad = ((sums - 1).abs() > 1e-6).fill_null(value=False)
    return [("not_one", pl.Series([at]), {"columns": labels, "sum": f"{sums[at]:.6g}"}) for at in bad.arg_true().to_list()]
