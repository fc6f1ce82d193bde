"""Retail: stores, member cards and coupons, with the numbers a retailer asks for."""

from kith_platform.sdk import hookimpl
from kith_platform.sdk.types import Manifest


@hookimpl
def register_manifest() -> Manifest:
    return Manifest(
        name="industry_retail",
        title="Retail",
        summary="Stores, member cards and coupons, with the numbers a retailer asks for.",
        version="0.1.0",
        requires_platform=">=0.1,<1",
        industries=("retail",),
    )
