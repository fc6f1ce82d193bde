"""What plugins hand to core: frozen declarations. Views and formulas are functions that core calls, guarded, for one tenant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from kith_tenants.context import Actor
from kith_tenants.tenant import TenantContext

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from sqlalchemy.orm import Session

    from kith_platform.frames import Frames, Tables


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
    """What a plugin's page or API view is given: whose company, who asks, their settings, and a session of that tenant."""

    tenant: TenantContext
    actor: Actor
    session: Session
    settings: Mapping[str, Any]
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page under /c/<company>/m/<plugin>/<path>. `view` returns the context of `template` (in templates/)."""

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
    """A part of a core page. In slot `customer` the view answers for all `customer_ids` at once, as {customer_id: context}."""

    key: str
    title: str
    slot: Literal["customer", "home"]
    template: str
    permission: str
    view: Callable[[Visit, Sequence[int]], Mapping[int, Mapping[str, Any]]]


@dataclass(frozen=True)
class Period:
    """[start, end) in the tenant's days. `partial` while the tenant's today lies inside."""

    start: dt.date
    end: dt.date
    partial: bool = False

    @property
    def days(self) -> int:
        return (self.end - self.start).days


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A metric's value. None with a `reason` is "no data", never 0. `low` and `high` are the 95 % interval.

    `rows` are further numbers behind the value (a curve, the cells of a table), in JSON terms.
    """

    value: float | None
    n: int = 0
    low: float | None = None
    high: float | None = None
    reason: str = ""
    flags: tuple[str, ...] = ()
    coverage: float | None = None
    rows: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class MetricScope:
    """What a metric may look at: the frames of one snapshot, a period, the tenant, and other results by name.

    `scores(model)` gives the champion's latest scores as an Ibis table (customer_id, value, …) or None where there are none.
    """

    frames: Frames
    period: Period
    tenant: TenantContext
    today: dt.date
    settings: Mapping[str, Any]
    scores: Callable[[str], ir.Table | None]


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One aggregate over one fact's table; measures of the same table and grain are computed in one query."""

    key: str
    fact: str  # the fact's plural
    aggregate: Callable[[ir.Table], ir.Value]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A number with a formula: over `measures` (`formula`), or over whole frames (`compute`). Exactly one of the two is given.

    `better` is the direction of good; `kind` process or outcome; `needs` the facts (plurals) without which it is "no data".
    `words` says the formula in plain words; `unit` is one of ratio, money, count, days, points, score, list.
    """

    key: str
    name: str
    unit: str
    better: Literal["up", "down", "band", "info"]
    kind: Literal["process", "outcome", "mixed"]
    words: str
    needs: tuple[str, ...]
    measures: tuple[Measure, ...] = ()
    formula: Callable[[Mapping[str, float | None]], Reading] | None = None
    compute: Callable[[MetricScope], Reading] | None = None
    trailing: bool = False  # looks back from the period's end instead of at the period alone


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Columns per customer, computed for all customers at once at each refresh and stored for lists and the 360 page.

    `compute(tables, day)` returns an Ibis table with customer_id and one column per entry of `columns`.
    """

    key: str
    label: str
    columns: tuple[PlacementColumn, ...]
    needs: tuple[str, ...]
    compute: Callable[[Tables, dt.date], ir.Table]


@dataclass(frozen=True, kw_only=True)
class PlacementColumn:
    """`kind` is text or number; `labels` name the codes of a text column."""

    name: str
    label: str
    kind: Literal["text", "number"]
    labels: Mapping[str, str] = field(default_factory=dict)


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
    name: str
    label: str
    sentence: str
    unit: Literal["days", "count", "money", "ratio", "score", "flag"]
    sense: int = 0


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
