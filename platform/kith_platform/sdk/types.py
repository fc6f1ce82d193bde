"""What plugins hand to core: frozen declarations. Views and formulas are functions that core calls, guarded, for one tenant."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from kith_platform.i18n import mark
from kith_platform.i18n import mark_plural as mark_plural  # noqa: PLC0414 - plugins mark with it
from kith_platform.sdk.placing import Histories as Histories  # noqa: PLC0414 - plugins import both from here
from kith_platform.sdk.placing import PlacementTurns as PlacementTurns  # noqa: PLC0414
from kith_tenants.context import Actor
from kith_tenants.tenant import TenantContext

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from sqlalchemy.orm import Session

    from kith_platform.frames import Frames
    from kith_platform.frames import Tables as Tables  # noqa: PLC0414 - plugins name it in annotations

N_ = mark  # how a plugin marks an English string for translation


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Who a plugin is. `name` equals its entry point. `requires_platform` is a PEP 440 specifier over Kith's version.

    `industries` names the industries whose new companies start with it; `for_everyone` switches it on for all new companies.
    Titles and summaries are English msgids; the plugin carries their translations.
    """

    name: str
    title: str
    summary: str
    version: str
    requires_platform: str
    requires_modules: tuple[str, ...] = ()
    permissions: tuple[Permission, ...] = ()
    languages: tuple[str, ...] = ("en", "zh_Hans", "zh_Hant")
    industries: tuple[str, ...] = ()
    for_everyone: bool = False


@dataclass(frozen=True, kw_only=True)
class Permission:
    """A permission of a plugin's own, `<plugin>.<noun>:<verb>`, and the roles that start with it."""

    key: str
    label: str
    roles: tuple[str, ...] = ("owner", "admin")


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One field of a module's settings form. The stored value is JSON of `kind`; `choices` makes it a select."""

    key: str
    label: str
    kind: Literal["text", "integer", "number", "boolean", "choice", "day"]
    default: str | int | float | bool | None = None
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True)
class Visit:
    """What a plugin's page, API view or panel is given: whose company, who asks in which language, the module's settings, and a
    read-only session of that tenant in a savepoint."""

    tenant: TenantContext
    actor: Actor
    session: Session
    settings: Mapping[str, Any]
    query: Mapping[str, str] = field(default_factory=dict)
    language: str = "en"


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page under /c/<company>/m/<plugin>/<path>. `view` returns the context of `template` (in templates/).

    The template also knows `title`, `answers`, `slug` and `page_url(path, **query)`. An answer that takes longer than 2 s
    counts as trouble, its statements end after 10 s. A KithError below 500 (see toolkit) is an answer.
    """

    path: str
    title: str
    template: str
    view: Callable[[Visit], Mapping[str, Any]]
    permission: str
    answers: str = ""  # one line that says what the page answers
    icon: str = ""
    in_navigation: bool = True


@dataclass(frozen=True, kw_only=True)
class ApiRoute:
    """A GET under /api/v1/m/<plugin>/<path>; `view` returns what becomes JSON."""

    path: str
    summary: str
    view: Callable[[Visit], Mapping[str, Any]]
    permission: str


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A part of a core page. In slot `customer` the view answers for all customer ids at once, as {customer id: context}, and
    leaves out whom it has nothing to say of; in slot `home` the one id is 0. It should take less than 0.25 s.
    """

    key: str
    title: str
    slot: Literal["customer", "home"]
    template: str
    permission: str
    view: Callable[[Visit, Sequence[int]], Mapping[int, Mapping[str, Any]]]


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
    """What a metric may look at: the frames of one snapshot, the periods asked for, the tenant, and other results by name.

    `days` has a row per period: place (0, 1, …), start, end (exclusive), and a year earlier year_start (to `start`) and
    year_end (to `end`): join rows with it, group by place, and one query answers for all periods. `today` is the last day the
    data cover: later days have not happened yet. `buying` covers every day up to it. `scores(model)` gives the champion's
    latest scores as an Ibis table (customer_id, value) or None where there are none; `has(plural)` says whether there are rows
    of a fact; `once(name, make)` keeps a table of this run for the module's other metrics. `quality()` gives what the refresh
    last read of the data's quality.
    """

    frames: Frames
    periods: tuple[Period, ...]
    days: ir.Table
    tenant: TenantContext
    today: dt.date
    settings: Mapping[str, Any]
    buying: Buying
    scores: Callable[[str], ir.Table | None]
    has: Callable[[str], bool]
    once: Callable[[str, Callable[[], ir.Table]], ir.Table]
    quality: Callable[[], Sequence[QualityReading]] = tuple

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
class Measure:
    """One aggregate over one fact's rows of a period; measures of the same fact are computed in one query for all periods.

    Money columns come in the tenant's currency. `money` names the amount it adds up, whose coverage goes with the metric.
    """

    key: str
    fact: str  # the fact's plural
    aggregate: Callable[[ir.Table], ir.Value]
    money: str = ""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A number with a formula: over `measures` (`formula`), or over whole frames. Exactly one of three is given: `formula`,
    `compute` (one period at a time), or `over`, which gives a reading per period of its scope, in order, from one query.

    `better` is the direction of good; `kind` process or outcome. `needs` names the facts (plurals) without which it is "no
    data" (`orders|subscription_events` is content with either), `needs_scores` the models. `words` says the formula in plain
    words; `unit` is one of ratio, money, count, days, points, score, list. `latest_only`: what it reads is not kept for
    earlier periods, so theirs stay as they were stored.
    """

    key: str
    name: str
    unit: str
    better: Literal["up", "down", "band", "info"]
    kind: Literal["process", "outcome", "mixed"]
    words: str
    needs: tuple[str, ...]
    needs_scores: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = ()
    formula: Callable[[Mapping[str, float | None]], Reading] | None = None
    compute: Callable[[MetricScope], Reading] | None = None
    over: Callable[[MetricScope], Sequence[Reading]] | None = None
    trailing: bool = False  # looks back from the period's end instead of at the period alone
    latest_only: bool = False


@dataclass(frozen=True, kw_only=True)
class PlacementScope:
    """What a placement may look at: everything up to and including `day`, as all know it now.

    `people` has customer_id and since (the day their source names, or null) of everybody who is to be placed. `before` is what
    the placement gave at its last turn (customer_id and all its columns; days as ISO text), None at the first. `month_end`
    says that `day` ends a month that is over. `limits` are the placement's thresholds, frozen for the quarter of `day`; empty
    while nobody has bought. `has(plural)` says whether there are rows of a fact; `once(name, make)` keeps a table of this turn
    for the module's other placements; `together(name, make)` keeps one that was computed for all `turns` at once, and gives the
    rows of this one.
    """

    tables: Tables
    day: dt.date
    tenant: TenantContext
    settings: Mapping[str, Any]
    bought: Callable[[], Buying]
    people: ir.Table
    has: Callable[[str], bool]
    once: Callable[[str, Callable[[], ir.Table]], ir.Table]
    turns: PlacementTurns
    before: ir.Table | None = None
    month_end: bool = False
    limits: Mapping[str, float] = field(default_factory=dict)

    @property
    def buying(self) -> Buying:
        """Purchase days and money up to the day; computed where it is read, so `turns.histories` is the cheaper way."""
        return self.bought()

    def together(self, name: str, make: Callable[[PlacementTurns], ir.Table]) -> ir.Table:
        """This turn's rows of what `make(turns)` gives for all: a table with the day of each row in `turn`."""
        rows = self.turns.keep(name, lambda: make(self.turns))
        return rows if len(self.turns.days) == 1 else rows.filter(rows.turn == self.day)

    def rows(self, expression: ir.Table) -> list[dict[str, Any]]:
        """The expression's rows."""
        found: list[dict[str, Any]] = self.tables.run(expression).to_pylist()
        return found


@dataclass(frozen=True, kw_only=True)
class PlacementColumn:
    """`kind` is text, number or day; `labels` name the codes of a text column. `unit` says how a number is written."""

    name: str
    label: str
    kind: Literal["text", "number", "day"]
    labels: Mapping[str, str] = field(default_factory=dict)
    unit: Literal["number", "money", "percent", "days"] = "number"


@dataclass(frozen=True, kw_only=True)
class PlacementMap:
    """How the codes of a placement lie on its map: `cells` row by row, with a label for each row and column ("" leaves a cell
    empty). Without labels for the columns the map is a row of bars. `colours` name fixed colours of `Series.colour`.
    """

    cells: tuple[tuple[str, ...], ...]
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    colours: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PlacementLimit:
    """A threshold by its name in `PlacementScope.limits`, as the map shows it."""

    name: str
    label: str
    unit: Literal["number", "money"] = "number"


@dataclass(frozen=True, kw_only=True)
class PlacementShare:
    """A key number of the migration matrix: of those with a code of `start`, the share with one of `end` at the span's end, or,
    `within_year`, who came to one in the twelve months.
    """

    label: str
    start: tuple[str, ...]
    end: tuple[str, ...]
    within_year: bool = False
    better: Literal["up", "down"] = "up"


@dataclass(frozen=True, kw_only=True)
class PlacementFigure:
    """A table or curve beside the map, computed at each refresh for all customers together.

    `compute(scope)` returns rows in JSON terms. `shape` says how they are drawn: `cohorts` (cohort, k, size, share, amount),
    `curve` (x and y, both shares), `bars` (name, value), `list` (one line each: a text with numbers, `params`, and words, `say`).
    """

    key: str
    title: str
    shape: Literal["cohorts", "curve", "bars", "list"]
    compute: Callable[[PlacementScope], Sequence[Mapping[str, Any]]]
    note: str = ""
    unit: Literal["number", "money", "percent", "days"] = "number"


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Columns per customer, computed for all customers at once at each refresh and stored for lists and the 360 page.

    `compute(scope)` returns an Ibis table with customer_id and one column per entry of `columns` and `carries`; whom it leaves
    out has no place. The first text column is the code that lists filter by and whose changes are kept as history, the first
    number the one they sort by. `carries` are kept for the next turn (`scope.before`) and never shown. `by_month` takes a turn
    at each month-end since the last one (the first time at the last twelve), so that rules over month-ends hold however
    seldom a company refreshes. `limits(scope)` gives thresholds as of a quarter's eve, which are then frozen for the quarter.
    `dated` names the day column that says when a code began, where that is not the turn's day. `needs` names facts (plurals);
    `orders|subscription_events` is content with either.
    """

    key: str
    label: str
    columns: tuple[PlacementColumn, ...]
    needs: tuple[str, ...]
    compute: Callable[[PlacementScope], ir.Table]
    answers: str = ""  # one line that says what the map of its codes answers
    carries: tuple[PlacementColumn, ...] = ()
    by_month: bool = False
    dated: str = ""
    limits: Callable[[PlacementScope], Mapping[str, float]] | None = None
    limit_labels: tuple[PlacementLimit, ...] = ()
    map: PlacementMap | None = None
    figures: tuple[PlacementFigure, ...] = ()
    shares: tuple[PlacementShare, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FeatureSet:
    """Columns a model may learn from. `compute(tables, cutoff_day)` sees only `frames.before`: what was known then.

    Returns an Ibis table with customer_id and one float column per feature. Each feature has a sentence for reasons with
    `{value}` in it, and `sense` +1 or −1 where its direction is known.
    """

    key: str
    features: tuple[Feature, ...]
    needs: tuple[str, ...]
    compute: Callable[[Tables, dt.date], ir.Table]


@dataclass(frozen=True, kw_only=True)
class Feature:
    """`reads` names the column (`plural.column`) that a source may leave empty and without which the feature knows nothing:
    then its value is missing, or 0 for a count. The page on data quality says what filling that column would be worth.
    """

    name: str
    label: str
    sentence: str
    unit: Literal["days", "count", "money", "ratio", "score", "flag"]
    sense: int = 0
    reads: str = ""


@dataclass(frozen=True, kw_only=True)
class DemoCompany:
    """A company to try Kith with. `write(folder, seed)` writes the CSV files it would bring and returns them in import order."""

    key: str
    slug: str
    names: Mapping[str, str]  # by language
    industry: str
    currency: str
    timezone: str
    language: str
    modules: tuple[str, ...]
    write: Callable[[Any, int], Sequence[tuple[str, Any]]]  # (table's plural, path)
