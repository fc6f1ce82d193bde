"""Every hook a plugin may implement. Start-up hooks `register_*` are asked once per process, before any tenant is known.

An implementation that raises, answers garbage or asks for another platform version leaves its plugin out, and says so in the
log, in `kith doctor` and in the module catalogue; nothing else is affected.
"""

from __future__ import annotations

from collections.abc import Sequence

import pluggy

from kith_platform.sdk.advice import Advice
from kith_platform.sdk.facts import Fact
from kith_platform.sdk.models import Model
from kith_platform.sdk.scoring import Scorecard
from kith_platform.sdk.templates import ImportTemplate
from kith_platform.sdk.types import (
    ApiRoute,
    DemoCompany,
    FeatureSet,
    Manifest,
    Metric,
    Page,
    Panel,
    Placement,
    Setting,
)

PROJECT = "kith"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def register_manifest() -> Manifest:  # type: ignore[empty-body]
    """Return who the plugin is. Every plugin implements this; without it the plugin is left out."""


@hookspec
def register_facts() -> Sequence[Fact]:  # type: ignore[empty-body]
    """Return facts of the plugin's own; their tables lie in schema plugin_<name> and come with the plugin's migrations."""


@hookspec
def register_import_templates() -> Sequence[ImportTemplate]:  # type: ignore[empty-body]
    """Return templates of well-known exports. A file that looks like one is offered its mapping with one click."""


@hookspec
def register_settings() -> Sequence[Setting]:  # type: ignore[empty-body]
    """Return the fields of the module's settings form, which an admin of a company fills in."""


@hookspec
def register_metrics() -> Sequence[Metric]:  # type: ignore[empty-body]
    """Return metrics. They run in the worker at each refresh, one tenant at a time; an error shows on that metric alone."""


@hookspec
def register_scorecards() -> Sequence[Scorecard]:  # type: ignore[empty-body]
    """Return scorecards: metrics by criterion with weights, and an index over their scores against what was agreed."""


@hookspec
def register_advice() -> Sequence[Advice]:  # type: ignore[empty-body]
    """Return when a metric is a finding of the recommendation report, why it matters, and what is to be done."""


@hookspec
def register_placements() -> Sequence[Placement]:  # type: ignore[empty-body]
    """Return columns that place every customer. They run in the worker at each refresh, for all customers at once."""


@hookspec
def register_feature_sets() -> Sequence[FeatureSet]:  # type: ignore[empty-body]
    """Return features for core's models. They see only what was known before the cutoff."""


@hookspec
def register_models() -> Sequence[Model]:  # type: ignore[empty-body]
    """Return questions answered yes or no of each customer. Each company trains them on its own data, by core's one protocol."""


@hookspec
def register_pages() -> Sequence[Page]:  # type: ignore[empty-body]
    """Return pages. Core mounts them under /c/<company>/m/<plugin>/ and answers 404 where the module is off."""


@hookspec
def register_api() -> Sequence[ApiRoute]:  # type: ignore[empty-body]
    """Return read-only API routes. Core mounts them under /api/v1/m/<plugin>/ and answers 404 where the module is off."""


@hookspec
def register_panels() -> Sequence[Panel]:  # type: ignore[empty-body]
    """Return parts of core's pages. A slow or failing panel leaves its place empty with a note; the page stays."""


@hookspec
def register_demo_companies() -> Sequence[DemoCompany]:  # type: ignore[empty-body]
    """Return companies to try Kith with; `make demo` loads them through the normal import."""
