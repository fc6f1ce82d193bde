"""What a plugin may ask of core, in one place. Top floor: it stands on core's services, and core never imports it.

Functions take the Visit a page, route or panel is given; its session ends with the request. Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Select, and_, select

from kith_platform.customers.models import Customer
from kith_platform.facts.models import CustomerRecord
from kith_platform.facts.table import row_class
from kith_platform.i18n import translate as _translate
from kith_platform.metrics import service as metrics
from kith_platform.metrics import store
from kith_platform.sdk.facts import Fact
from kith_platform.sdk.types import Period, Visit
from kith_platform.web.charts import Chart, Series
from kith_tenants.context import visible

if TYPE_CHECKING:
    from kith_platform.metrics.models import MetricValue

__all__ = ["Chart", "Series", "demo_files", "latest_reading", "of_customers", "rows_of", "translate"]


def rows_of(plugin: str, fact: Fact) -> Any:
    """The mapped class of a plugin's own fact, for `select()` in the Visit's session. Columns as declared, a reference as
    `<name>_id`; every row also has id, source, external_id, and occurred_at, occurred_on, record_id where its fact has them.
    """
    return row_class(replace(fact, plugin=plugin))


def of_customers(visit: Visit, rows: Any, customer_ids: Sequence[int]) -> Select[Any]:
    """`select(Customer.id, rows)` of these customers' rows, of those customers the actor may see. Add filters and an order."""
    belongs = and_(CustomerRecord.tenant_id == rows.tenant_id, CustomerRecord.id == rows.record_id)
    known = and_(Customer.tenant_id == CustomerRecord.tenant_id, Customer.id == CustomerRecord.customer_id)
    statement = select(Customer.id, rows).join(CustomerRecord, belongs).join(Customer, known)
    found: Select[Any] = statement.where(Customer.id.in_(customer_ids))
    return visible(found, visit.actor, owner=Customer.owner_id.expression, unit=Customer.unit_id.expression)


def latest_reading(visit: Visit, key: str) -> tuple[Period, MetricValue] | None:
    """The newest month's stored value of a metric: value, n, low, high, reason, rows. None before the first refresh."""
    period = metrics.latest_period(visit.session)
    value = store.values(visit.session, [key], [period]).get((key, period)) if period else None
    return (period, value) if period and value else None


def translate(visit: Visit, message: str, **params: object) -> str:
    """Say a marked message (`types.N_`) in the reader's language."""
    return _translate(message, visit.language, **params)


def demo_files(
    kind: Literal["retailer", "subscription"], folder: Path, *, customers: int, years: float, seed: int
) -> Mapping[str, Path]:
    """Simulate a company with known truth and write its tables as CSV files into `folder`; the files by the fact's plural."""
    from kith_platform.simulator import simulate, write_csv

    company = simulate(kind, regime="misspecified", customers=customers, years=years, seed=seed)
    return write_csv(company, folder)
