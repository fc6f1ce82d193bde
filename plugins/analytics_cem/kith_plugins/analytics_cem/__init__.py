"""Customer experience management: who is worth most, who comes back, who stays."""

from kith_platform.sdk import hookimpl
from kith_platform.sdk.types import Manifest


@hookimpl
def register_manifest() -> Manifest:
    return Manifest(
        name="analytics_cem",
        title="Customer value and loyalty",
        summary="Who is worth most, who comes back, and who stays: RFM, retention, concentration, lifetime value.",
        version="0.1.0",
        requires_platform=">=0.1,<1",
        for_everyone=True,
    )
