"""What plugins hand to core: frozen declarations. Views and formulas are functions that core calls, guarded, for one tenant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from kith_platform.i18n import mark
from kith_platform.i18n import mark_plural as mark_plural  # noqa: PLC0414 - plugins mark with it
from kith_platform.sdk.metrics import Above as Above  # noqa: PLC0414 - plugins import all of these from here
from kith_platform.sdk.metrics import Buying as Buying  # noqa: PLC0414
from kith_platform.sdk.metrics import Measure as Measure  # noqa: PLC0414
from kith_platform.sdk.metrics import Metric as Metric  # noqa: PLC0414
from kith_platform.sdk.metrics import MetricScope as MetricScope  # noqa: PLC0414
from kith_platform.sdk.metrics import Period as Period  # noqa: PLC0414
from kith_platform.sdk.metrics import QualityReading as QualityReading  # noqa: PLC0414
from kith_platform.sdk.metrics import Reading as Reading  # noqa: PLC0414
from kith_platform.sdk.metrics import Rows as Rows  # noqa: PLC0414
from kith_platform.sdk.metrics import Signed as Signed  # noqa: PLC0414
from kith_platform.sdk.placing import Histories as Histories  # noqa: PLC0414 - plugins import both from here
from kith_platform.sdk.placing import PlacementTurns as PlacementTurns  # noqa: PLC0414
from kith_tenants.context import Actor
from kith_tenants.tenant import TenantContext

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from sqlalchemy.orm import Session

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


@dataclass(frozen=True, kw_only=True)
class PlacementScope:
    """What a placement may look at: everything up to and including `day`, as all know it now.

    `people` has customer_id and since (the day their source names, or null) of everybody who is to be placed. `before` is what
    the placement gave at its last turn (customer_id and all its columns; days as ISO text), None at the first. `month_end`
    says that `day` ends a month that is over. `limits` are the placement's thresholds, frozen for the quarter of `day`; empty
    while nobody has bought. `has(plural)` says whether there are rows of a fact; `once(name, make)` keeps a table of this turn
    for the module's other placements; `together(name, make)` keeps one that was computed for all `turns` at once, and gives the
    rows of this one. `active()` has the customer_id of those who count as active in metrics: their subscription runs, or they
    have not left silently.
    """

    tables: Tables
    day: dt.date
    tenant: TenantContext
    settings: Mapping[str, Any]
    bought: Callable[[], Buying]
    people: ir.Table
    has: Callable[[str], bool]
    once: Callable[[str, Callable[[], ir.Table]], ir.Table]
    active: Callable[[], ir.Table]
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
    """Columns a model may learn from. `compute(tables, cutoff)` sees only what was known before the cutoff, an Ibis date: it is
    called once, and the engine is told the day when it runs.

    Returns an Ibis table with customer_id and one float column per feature. Each feature has a sentence for reasons with
    `{value}` in it, and `sense` +1 or −1 where its direction is known.
    """

    key: str
    features: tuple[Feature, ...]
    needs: tuple[str, ...]
    compute: Callable[[Tables, ir.DateScalar], ir.Table]


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
