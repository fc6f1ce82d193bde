"""Numbers of the simulation as columns of a table: local dates and times, ids, money."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from kith_platform.simulator.seasons import Floats


def times(start: date, moments: ArrayLike) -> pl.Series:
    """Moments (days since the start; NaN or infinite = none) as wall-clock times of the company, to the second.

    A day's moments are spread over 07:00–22:00, in order: shops sleep, and no time falls into a clock change.
    """
    values = np.asarray(moments, dtype=np.float64)
    known = np.isfinite(values)
    day, part = np.divmod(np.where(known, values, 0.0), 1.0)
    seconds = (day * 86_400 + np.floor((7 + 15 * part) * 3600)).astype(np.int64)
    midnight = datetime(start.year, start.month, start.day)  # noqa: DTZ001 — wall-clock time of the company's zone
    column: pl.Series = (pl.Series(seconds) * 1_000_000).cast(pl.Duration("us")) + midnight
    return column.zip_with(pl.Series(known), pl.Series([None], dtype=pl.Datetime("us")))


def moments(start: date, column: pl.Series) -> Floats:
    """The inverse of `times`: wall-clock times (or dates) as days since the start, NaN for none."""
    seconds = (column.cast(pl.Datetime("us")) - datetime(start.year, start.month, start.day)).dt.total_seconds()  # noqa: DTZ001
    day, rest = np.divmod(seconds.cast(pl.Float64).to_numpy(), 86_400.0)
    part = (rest + 0.5) / 3600 - 7 if column.dtype != pl.Date else np.zeros(rest.size)
    return np.asarray(day + np.clip(part / 15, 0.0, 0.99999))


def dates(start: date, days: ArrayLike) -> pl.Series:
    """Days since the start (NaN or infinite = none) as dates."""
    values = np.asarray(days, dtype=np.float64)
    known = np.isfinite(values)
    column = pl.Series(np.where(known, np.floor(values), 0.0).astype(np.int32)) + (start - date(1970, 1, 1)).days
    return column.cast(pl.Int32).cast(pl.Date).zip_with(pl.Series(known), pl.Series([None], dtype=pl.Date))


def codes(prefix: str, count: int) -> NDArray[np.str_]:
    """Ids: a prefix and a running number of eight digits."""
    return np.char.add(prefix, np.arange(10_000_001, 10_000_001 + count).astype("U8"))


def money(values: ArrayLike) -> Floats:
    """Rounded to hundredths."""
    return np.asarray(np.round(np.asarray(values, dtype=np.float64), 2), dtype=np.float64)


def only(values: ArrayLike, where: NDArray[np.bool_]) -> Floats:
    """Moments where the condition holds, NaN elsewhere."""
    return np.where(where, np.asarray(values, dtype=np.float64), np.nan)


def texts(choices: ArrayLike, picks: NDArray[np.int64] | NDArray[np.bool_], where: NDArray[np.bool_]) -> pl.Series:
    """choices[picks] where the condition holds, null elsewhere."""
    words = pl.Series(np.asarray(choices)[picks.astype(np.int64)], dtype=pl.String)
    return words.zip_with(pl.Series(where), pl.Series([None], dtype=pl.String))


def numbers(values: ArrayLike, where: NDArray[np.bool_]) -> pl.Series:
    """Numbers where the condition holds, null elsewhere; whole ones stay whole."""
    known = pl.Series(np.asarray(values))
    return known.zip_with(pl.Series(where), pl.Series([None], dtype=known.dtype))
