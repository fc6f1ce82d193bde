"""The time a metric looks back over, to the end of each period."""

from __future__ import annotations

import datetime as dt

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kith_platform.sdk.rhythm import ONE_DAY
from kith_platform.sdk.types import MetricScope, Reading
from kith_platform.sdk.windows import begins, marks

FEW = 30
UNIT = 10_000.0  # money in frames is ten-thousandths


def windows(scope: MetricScope, days: int = 0, *, backs: tuple[int, ...] = (0,)) -> ir.Table:
    """place, first and last (days), past (the day after), and the instants first_at and past_at at which first and past begin in
    the company's zone: the last `days` days of each period, or its last twelve months. With several `backs` each period has a
    window so many days earlier for each of them, at the places of its own times their number.
    """
    past = [one.end - dt.timedelta(days=back) for one in scope.periods for back in backs]
    return marks(past, scope.tenant.timezone, days)


def day_ends(scope: MetricScope, first: dt.date, last: dt.date) -> ir.Table:
    """day, begins_at and over_at of each of the company's days from `first` to `last`."""
    days = [first + number * ONE_DAY for number in range((last - first).days + 1)]
    columns = {
        "day": pa.array(days, pa.date32()),
        "begins_at": begins(scope.tenant.timezone, days),
        "over_at": begins(scope.tenant.timezone, [day + ONE_DAY for day in days]),
    }
    return ibis.memtable(pa.table(columns))


def counted(value: float | None, n: float | None, *, reason: str = "empty_denominator", **more: object) -> Reading:
    """A reading that is no share, of n cases; few are flagged. Without cases or a value there is none."""
    if not n or value is None:
        return Reading.none(reason, n=int(n or 0))
    return Reading(value=value, n=int(n), flags=("low_confidence",) if n < FEW else (), **more)  # type: ignore[arg-type]
