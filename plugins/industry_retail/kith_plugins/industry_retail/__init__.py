"""Retail: stores, member cards and coupons, with the numbers a retailer asks for."""

from __future__ import annotations

from collections.abc import Sequence

from kith_platform.sdk import hookimpl
from kith_platform.sdk.facts import Fact
from kith_platform.sdk.models import Model
from kith_platform.sdk.templates import ImportTemplate
from kith_platform.sdk.types import N_, ApiRoute, DemoCompany, FeatureSet, Manifest, Metric, Page, Panel, Setting
from kith_plugins.industry_retail import demo, exports, facts, features, metrics, models, pages


@hookimpl
def register_manifest() -> Manifest:
    return Manifest(
        name=pages.NAME,
        title=N_("Retail"),
        summary=N_("Stores, member cards and coupons, with the numbers a retailer asks for."),
        version="0.1.0",
        requires_platform=">=0.1,<1",
        permissions=(pages.SEE_STORES,),
        industries=("retail",),
    )


@hookimpl
def register_facts() -> Sequence[Fact]:
    return facts.FACTS


@hookimpl
def register_import_templates() -> Sequence[ImportTemplate]:
    return exports.TEMPLATES


@hookimpl
def register_settings() -> Sequence[Setting]:
    return (
        Setting(
            key="weak_share",
            label=N_("Mark stores below this share of the median"),
            kind="number",
            default=0.7,
            minimum=0,
            maximum=1,
            help=N_("The Stores page marks those whose sales per square metre are lower: 0.7 means 70 %."),
        ),
    )


@hookimpl
def register_metrics() -> Sequence[Metric]:
    return metrics.METRICS


@hookimpl
def register_feature_sets() -> Sequence[FeatureSet]:
    return (features.LOYALTY,)


@hookimpl
def register_models() -> Sequence[Model]:
    return models.MODELS


@hookimpl
def register_pages() -> Sequence[Page]:
    return pages.PAGES


@hookimpl
def register_api() -> Sequence[ApiRoute]:
    return pages.API


@hookimpl
def register_panels() -> Sequence[Panel]:
    return pages.PANELS


@hookimpl
def register_demo_companies() -> Sequence[DemoCompany]:
    return (demo.RETAILER,)
