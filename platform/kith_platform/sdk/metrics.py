"""Measures and metrics as plugins declare them, and what a metric may look at."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from kith_tenants.tenant import TenantContext

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from kith_platform.calendar.business import BusinessCalendar
    from kith_platform.frames import Frames


@dataclass(frozen=True)
class Period:
    """Days [start, end) in the tenant's zone. `partial`: the data end inside the month or year it stands for, and so does it."""

    start: dt.date
    end: dt.date
    partial: bool = False

    @property
    def days(self) -> int:
        return (self.end - self.start).days


FEW, FEW_CASES = 30, 10  # below so many answers, or so many of either kind, a share is `low_confidence`
Z95 = 1.959963984540054


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A metric's value. None with a `reason` is "no data", never 0. `low` and `high` are the 95 % interval.

    `reason` is a code: `empty_denominator`, `immature`, `import:<plural of a fact>`, `train:<model>`, `no_base`. `flags` are
    codes too: `low_confidence`, `provisional`, `partial`, … `coverage` is the share of amounts that had an exchange rate.
    `rows` are further numbers behind the value (a curve, the cells of a table), in JSON terms; a key `customer` in them
    holds a public id, and shows only to those who may see that customer.
    """

    value: float | None
    n: int = 0
    low: float | None = None
    high: float | None = None
    reason: str = ""
    flags: tuple[str, ...] = ()
    coverage: float | None = None
    rows: tuple[Mapping[str, Any], ...] = ()

    @staticmethod
    def none(reason: str = "empty_denominator", *, n: int = 0, flags: tuple[str, ...] = ()) -> Reading:
        """No value, and why."""
        return Reading(value=None, n=n, reason=reason, flags=flags)

    @staticmethod
    def share(part: float | None, whole: float | None, *, flags: tuple[str, ...] = (), rows: Any = ()) -> Reading:
        """part/whole with its Wilson 95 % interval (domain B0.4); an empty whole gives no value.

        >>> reading = Reading.share(45, 60)
        >>> reading.value, round(reading.low, 4), round(reading.high, 4)
        (0.75, 0.6277, 0.8422)
        """
        if not whole:
            return Reading.none()
        k, n, z = float(part or 0), float(whole), Z95**2
        share = k / n
        centre, width = share + z / (2 * n), Z95 * math.sqrt(share * (1 - share) / n + z / (4 * n * n))
        few = n < FEW or min(k, n - k) < FEW_CASES
        low, high = max(0.0, (centre - width) / (1 + z / n)), min(1.0, (centre + width) / (1 + z / n))
        return Reading(
            value=share, n=int(n), low=low, high=high, flags=(*flags, *(("low_confidence",) if few else ())), rows=tuple(rows)
        )


@dataclass(frozen=True, kw_only=True)
class Buying:
    """Buying up to `until` (the last day counted in), as all know it now: computed once, read by many metrics and placements.

    `purchases`: customer_id, day, orders, net — see `Tables.purchases`; for placements also gap, the days since the customer's
    purchase day before (null for the first). `ledger`: customer_id, day, net, margin, amounts,
    covered — money of standing orders less returns on the day they came back, per customer and day; margin is less the cost
    of what was sold, where `has_cost`; `covered` of `amounts` had an exchange rate. Money is int64 ten-thousandths of the
    tenant's currency.
    """

    until: dt.date
    purchases: ir.Table
    ledger: ir.Table
    has_cost: bool


@dataclass(frozen=True, kw_only=True)
class QualityReading:
    """`part` of `whole`: one measure of data quality (completeness, validity, uniqueness, consistency, freshness, index) of one
    source and one field of its customers. An empty source is all of them, an empty field all that are required.
    """

    metric: str
    part: float
    whole: float
    source: str = ""
    field: str = ""

    @property
    def value(self) -> float | None:
        """None where there was nothing to count."""
        return self.part / self.whole if self.whole else None


@dataclass(frozen=True, kw_only=True)
class MetricScope:
    """What a metric may look at: the facts of one snapshot, the periods asked for, and other results by name.

    Tables have one row per thing; `place` (0, 1, …) is the number of the period a row belongs to. Join rows with `days`, group by
    place, and one query answers for all periods. Money is int64 ten-thousandths of the tenant's currency at the day's rate;
    `had_<column>` beside it says whether there was an amount at all.
    """

    frames: Frames
    periods: tuple[Period, ...]
    days: ir.Table
    """place, start, end (exclusive), the instants starts_at and ends_at at which these days begin in the company's zone, and a
    year earlier year_start (to `start`) and year_end (to `end`)."""
    tenant: TenantContext
    today: dt.date
    """The last day the data cover: later days have not happened yet."""
    settings: Mapping[str, Any]
    buying: Buying
    """Purchase days and money per customer and day, up to `today`."""
    scores: Callable[[str], ir.Table | None]
    """The champion's latest scores: customer_id, value; None where there are none."""
    row_scores: Callable[[str], ir.Table | None]
    """What the champion of a model of a fact's rows (leads, opportunities, …) says of them: row_id, value; None without one."""
    frozen: Callable[[str], ir.Table | None]
    """The scores with which each month began: month (its first day), customer_id, value, expected (purchases, or null)."""
    has: Callable[[str], bool]
    """Whether there are rows of a fact (by its plural)."""
    once: Callable[[str, Callable[[], ir.Table]], ir.Table]
    """Keeps a table of this run, by a name, for the module's other metrics."""
    named: Callable[[str, Callable[[], ir.Table]], ir.Table]
    """`named(name, make)`: rows that do not depend on the periods, written once for the module's other metrics: `once` computes
    its table and holds it, this only says what it is, and each query computes what it needs of it."""
    happened: Callable[..., ir.Table]
    """`happened(plural, at="")`: a fact's rows in the periods, by the day they are dated with or by a time column (closed_at)."""
    known: Callable[[str], ir.Table]
    """All rows of a fact up to `today`, without place."""
    sold: Callable[[], ir.Table]
    """The orders of the periods, but for cancelled ones."""
    staying: Callable[[ir.Table], ir.Table]
    """Per mark (place, end) and customer known before its `end`: place, customer_id, active, how (see `sdk.staying`)."""
    active: Callable[[], ir.Table]
    """place, customer_id of those active at the end of each period."""
    calendar: BusinessCalendar
    open_minutes: Callable[[ir.Table, str, str, str], ir.Table]
    """`open_minutes(rows, start, end, name)`: rows with the minutes the company was open between two time columns."""
    quality: Callable[[], Sequence[QualityReading]] = tuple
    """What the refresh last read of the data's quality."""
    teams: ir.Table
    """team, of_rep: how facts may name the people of each team, as they are in it now."""

    @property
    def period(self) -> Period:
        """The only period, for a metric that is asked for one at a time."""
        (period,) = self.periods
        return period

    @property
    def start(self) -> dt.date:
        """The first day of all periods."""
        return min(period.start for period in self.periods)

    @property
    def end(self) -> dt.date:
        """The end, exclusive, of all periods."""
        return max(period.end for period in self.periods)

    def rows(self, expression: ir.Table) -> list[dict[str, Any]]:
        """The expression's rows."""
        found: list[dict[str, Any]] = self.frames.at(self.today).run(expression).to_pylist()
        return found

    def one(self, expression: ir.Table) -> dict[str, Any]:
        """The expression's only row."""
        (row,) = self.rows(expression)
        return row

    def each(self, expression: ir.Table, read: Callable[[Mapping[str, Any]], Reading]) -> list[Reading]:
        """A reading per period from the row with its place; a period without a row is empty."""
        found = {row["place"]: row for row in self.rows(expression)}
        return [read(found[place]) if place in found else Reading.none() for place in range(len(self.periods))]


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows that measures add up, made once for all periods of a run and read at every grain.

    `make(scope)` gives an Ibis table with `place` (the number of the period a row counts in; a row that counts in several
    stands once for each) and the columns by which its grains go: customer_id (also for segments), rep, channel, product_id,
    unit, initiative, supplier, partner, source. `keep` computes it once, where several grains or metrics would repeat it.
    """

    key: str
    make: Callable[[MetricScope], ir.Table]
    keep: bool = False


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One aggregate over one fact's rows of a period, or over `Rows`; measures of the same rows are computed in one query for
    all periods, and again for each grain. `aggregate` gives a number, or a list (`collect`) of numbers or structs.

    Money columns come in the tenant's currency, as ten-thousandths. `money` names the amount it adds up, whose coverage goes
    with the metric.
    """

    key: str
    fact: str | Rows  # the fact's plural, or rows of the module's own
    aggregate: Callable[[ir.Table], ir.Value]
    money: str = ""


Grain = Literal[
    "tenant", "customer", "segment", "rep", "channel", "product", "unit", "initiative", "supplier", "partner", "source"
]
Unit = Literal[
    "ratio",
    "money",
    "money_per_day",
    "count",
    "days",
    "hours",
    "minutes",
    "months",
    "points",
    "score",
    "per_1000",
    "coefficient",
    "list",
]
Number = float | Sequence[Any] | None


@dataclass(frozen=True, kw_only=True)
class Signed:
    """The success criterion a company signed for a metric: where it stood, where it shall stand (domain B0.7)."""

    baseline: float
    target: float


@dataclass(frozen=True, kw_only=True)
class Above:
    """What a metric above other metrics may look at: readings of this period and the months before, and what was signed."""

    period: Period
    readings: Mapping[str, Reading]
    signed: Mapping[str, Signed]
    settings: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A number with a formula. Exactly one of four is given: `formula` over `measures`, for every grain of `grains`;
    `compute` (one period at a time) or `over` (a reading per period of its scope, in order, from one query), for the whole
    company; `above`, over the company's readings of other metrics.

    `better` is the direction of good; `kind` process or outcome. `needs` names the facts (plurals) without which it is "no
    data" (`orders|subscription_events` is content with either), `needs_scores` the models. `words` says the formula in plain
    words, `code` in symbols. `latest_only`: what it reads is not kept for earlier periods, so theirs stay as they were stored.
    `target` is the level usually agreed (0.95), where the catalogue names one.
    """

    key: str
    name: str
    unit: Unit
    better: Literal["up", "down", "band", "info"]
    kind: Literal["process", "outcome", "mixed"]
    words: str
    needs: tuple[str, ...]
    code: str = ""
    needs_scores: tuple[str, ...] = ()
    grains: tuple[Grain, ...] = ("tenant",)
    measures: tuple[Measure, ...] = ()
    formula: Callable[[Mapping[str, Any]], Reading] | None = None
    compute: Callable[[MetricScope], Reading] | None = None
    over: Callable[[MetricScope], Sequence[Reading]] | None = None
    above: Callable[[Above], Reading] | None = None
    latest_only: bool = False
    target: float | None = None
