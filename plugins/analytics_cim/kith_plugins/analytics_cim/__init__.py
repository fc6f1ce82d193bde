"""Customer interface management: how good what a company knows of its customers is."""

from __future__ import annotations

from collections.abc import Sequence

from kith_platform.sdk import hookimpl
from kith_platform.sdk.types import N_, Manifest, Metric
from kith_plugins.analytics_cim import quality


@hookimpl
def register_manifest() -> Manifest:
    return Manifest(
        name="analytics_cim",
        title=N_("Customer information"),
        summary=N_("How complete, valid, unique, consistent and fresh your customer data are."),
        version="0.1.0",
        requires_platform=">=0.1,<1",
        for_everyone=True,
    )


@hookimpl
def register_metrics() -> Sequence[Metric]:
    return quality.METRICS
