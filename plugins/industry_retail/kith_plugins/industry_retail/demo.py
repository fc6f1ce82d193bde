"""A retailer to try Kith with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kith_platform.sdk import toolkit
from kith_platform.sdk.types import DemoCompany

CUSTOMERS, YEARS = 3_000, 3.0

# References first: a line names its order, an order its customer. What is not named here follows as the simulator has it.
ORDER = ("customers", "products", "stores", "orders", "order_lines", "returns", "payments", "tickets", "leads", "opportunities")


def write(folder: Path, seed: int) -> Sequence[tuple[str, Path]]:
    """The retailer's files, in the order in which they are to be imported."""
    files = toolkit.demo_files("retailer", folder, customers=CUSTOMERS, years=YEARS, seed=seed)
    return [(plural, files[plural]) for plural in (*ORDER, *(name for name in files if name not in ORDER))]


RETAILER = DemoCompany(
    key="retailer",
    slug="willow-moon",
    names={"en": "Willow & Moon", "zh_Hans": "柳月集", "zh_Hant": "柳月集"},
    industry="retail",
    currency="SGD",
    timezone="Asia/Singapore",
    language="en",
    modules=("industry_retail",),
    write=write,
)
