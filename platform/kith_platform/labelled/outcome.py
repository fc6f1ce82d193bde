"""From what a person asks to an outcome of yes and no: which column, and what in it counts as yes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kith_platform.errors import Invalid
from kith_platform.i18n import N_
from kith_platform.imports.formats import MISSING
from kith_platform.imports.parsing import NO, YES
from kith_platform.labelled.columns import DAY, NUMBER, Column, numbers

Floats = NDArray[np.float64]
SHOWN = 8


class NotYesNo(Invalid):
    """The column holds something else than two values."""

    code = "not_yes_no"


@dataclass(frozen=True)
class Told:
    """The outcome: 1, 0 or NaN for missing, (n,); what the yes and the no are called in the table."""

    values: Floats
    yes: str
    no: str


def split(asked: str, columns: Iterable[str]) -> tuple[str, str] | None:
    """(column, test) of `COLUMN` or `COLUMN>=X`, the column being one of `columns`; None where it is none of them."""
    known = set(columns)
    if asked in known:
        return asked, ""
    found = [
        (asked[:at].strip(), asked[at:].strip())
        for at in range(1, len(asked))
        if re.match(r">=|<=|>|<|=", asked[at:]) and asked[:at].strip() in known
    ]
    return max(found, key=lambda one: len(one[0])) if found else None


def is_yes_no(column: Column) -> bool:
    """Whether the column can be asked as it stands."""
    return column.distinct == 2


def tell(column: Column, texts: pl.Series, test: str, *, zone: str = "UTC") -> Told:
    """What each line's outcome is. Of two values the rarer is the yes, unless the words say it.

    Raises NotYesNo for a column of more than two values without a test that makes two of them, or for a test that does not fit.
    """
    if test:
        return _tested(column, texts, test, zone)
    folded = texts.str.strip_chars().str.to_lowercase()
    folded = folded.set(folded.is_in(MISSING), None)
    counts = {value: int(number) for value, number in folded.drop_nulls().value_counts().iter_rows()}
    if len(counts) > 2:
        _refuse(column, counts)
    yes, no = _sides(counts)
    values = pl.select(pl.when(folded.is_null()).then(None).otherwise((folded == (yes or "")).cast(pl.Float64))).to_series()
    return Told(_floats(values), yes, no)


def _sides(counts: dict[str, int]) -> tuple[str, str]:
    """Which value is the yes."""
    for value in counts:
        if value in YES:
            return value, next((other for other in counts if other != value), "")
        if value in NO:
            return next((other for other in counts if other != value), ""), value
    ordered = sorted(counts, key=lambda value: (counts[value], value))
    return (ordered[0], ordered[-1]) if len(ordered) > 1 else (ordered[0] if ordered else "", "")


def _tested(column: Column, texts: pl.Series, test: str, zone: str) -> Told:
    sign = re.match(r">=|<=|>|<|=", test)
    if sign is None:
        raise NotYesNo(
            N_("“%(test)s” is no test. Write one such as %(column)s>=100 or %(column)s=gold."), test=test, column=column.name
        )
    wanted = test[sign.end() :].strip()
    if sign[0] == "=":
        folded = texts.str.strip_chars().str.to_lowercase()
        missing = folded.is_null() | folded.is_in(MISSING)
        return Told(_floats((folded == wanted.lower()).cast(pl.Float64).set(missing, None)), wanted, f"≠ {wanted}")
    border = _border(column, wanted, zone)
    values = numbers(column, texts, zone=zone)
    compare = {">=": np.greater_equal, "<=": np.less_equal, ">": np.greater, "<": np.less}[sign[0]]
    told = np.where(np.isnan(values), np.nan, compare(values, border).astype(np.float64))
    against = {">=": "<", "<=": ">", ">": "<=", "<": ">="}[sign[0]]
    return Told(told, f"{sign[0]} {wanted}", f"{against} {wanted}")


def _border(column: Column, wanted: str, zone: str) -> float:
    border = (
        float(numbers(column, pl.Series([wanted], dtype=pl.String), zone=zone)[0]) if column.kind in (NUMBER, DAY) else np.nan
    )
    if np.isnan(border):
        raise NotYesNo(
            N_("%(column)s cannot be compared with “%(value)s”: it does not hold numbers, or that is none."),
            column=column.name,
            value=wanted,
        )
    return border


def _refuse(column: Column, counts: dict[str, int]) -> None:
    if column.kind == NUMBER:
        raise NotYesNo(
            N_(
                "%(column)s holds numbers, and Kith answers questions of yes or no. Say from which number on it is a yes, such "
                "as %(column)s>=%(example)s."
            ),
            column=column.name,
            example=column.examples[0] if column.examples else "100",
        )
    common = sorted(counts, key=lambda value: (-counts[value], value))
    raise NotYesNo(
        N_(
            "%(column)s holds %(count)s different values, and Kith answers questions of yes or no. Say which of them is the yes, "
            "such as %(column)s=%(example)s. Its values: %(values)s."
        ),
        column=column.name,
        count=len(counts),
        example=common[0],
        values=", ".join(common[:SHOWN]) + (" …" if len(common) > SHOWN else ""),
    )


def _floats(values: pl.Series) -> Floats:
    return values.cast(pl.Float64).fill_null(np.nan).to_numpy().astype(np.float64)


def gone(name: str) -> NotYesNo:
    """What to say of an outcome that was there when the question was asked."""
    return NotYesNo(N_("“%(column)s” is no longer there. Delete the question, or bring the column back."), column=name)
