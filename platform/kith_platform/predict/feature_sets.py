"""The feature sets a training or scoring may use: core's, and those of the modules a company has switched on."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from kith_platform.attributes import features as attributes
from kith_platform.attributes.kinds import definitions
from kith_platform.guard import PluginFailed
from kith_platform.modules import service as modules
from kith_platform.predict.features import CORE_FEATURE_SETS
from kith_platform.sdk.types import FeatureSet

if TYPE_CHECKING:
    from kith_platform.frames import Frames
    from kith_platform.jobs.run import JobRun


def usable(run: JobRun, frames: Frames, cutoff: dt.date) -> tuple[list[FeatureSet], list[dict[str, Any]]]:
    """Core's, the company's own attributes, and those of the modules it has switched on; with a warning for each that cannot be
    computed.

    A module's feature set is tried once first, so that its error costs its own features and not the training.
    """
    with run.step() as session:
        on = modules.enabled(session, run.runtime.plugins)
        own = attributes.feature_set(definitions(session), frames.manifest.attributes)
    sets, warnings = [*CORE_FEATURE_SETS, *([own] if own else [])], list[dict[str, Any]]()
    tables = frames.before(cutoff)
    for plugin, found in run.runtime.plugins.brought("feature_sets", on):
        try:
            run.runtime.plugins.call(plugin, run.tenant.id, f"feature set {found.key}", _try, tables, found, cutoff)
            sets.append(found)
        except PluginFailed:
            warnings.append({"code": "features_left_out", "module": plugin, "set": found.key})
    return sets, warnings


def _try(tables: Any, found: FeatureSet, cutoff: dt.date) -> None:
    columns = tables.run(found.compute(tables, cutoff).limit(1)).column_names
    missing = {"customer_id", *(feature.name for feature in found.features)} - set(columns)
    if missing:
        raise ValueError(f"columns are missing: {', '.join(sorted(missing))}")
