"""The demo companies of this installation: core's subscription business, and those that plugins bring."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from kith_platform.plugins import Plugins
from kith_platform.sdk.types import DemoCompany
from kith_platform.simulator import simulate, write_csv

# What is brought in first, in the order in which rows refer to one another; the rest follows as the simulator has it.
ORDER = (
    "customers", "products", "orders", "order_lines", "returns", "invoices", "payments", "subscription_events", "tickets",
    "leads", "opportunities", "survey_responses", "activities", "events", "touches", "consents",
)  # fmt: skip
CUSTOMERS, YEARS, SEED = 2_500, 3.0, 7


def _write_subscription(folder: Path, seed: int) -> Sequence[tuple[str, Path]]:
    yesterday = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
    company = simulate("subscription", regime="misspecified", customers=CUSTOMERS, years=YEARS, seed=seed, ends_on=yesterday)
    written = write_csv(company, folder)
    return [(table, written[table]) for table in (*ORDER, *(name for name in written if name not in ORDER))]


SUBSCRIPTION = DemoCompany(
    key="subscription",
    slug="lantern-stream",
    names={"en": "Lantern Stream", "zh_Hans": "灯影流媒", "zh_Hant": "燈影串流"},
    industry="subscription",
    currency="CAD",
    timezone="America/Vancouver",
    language="zh_Hans",
    modules=(),
    write=_write_subscription,
)


def companies(plugins: Plugins) -> list[DemoCompany]:
    """All of them; each loaded plugin may bring its own."""
    brought = [company for _plugin, company in plugins.brought("demo_companies", plugins.loaded)]
    return [*brought, SUBSCRIPTION]
