"""What a module's code answers, asked behind the guard."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kith_platform.guard import PluginFailed
from kith_platform.plugins import Plugins
from kith_platform.sdk.metrics import Metric, Reading
from kith_tenants.tenant import TenantContext


@dataclass(frozen=True)
class Offered:
    """A metric with the module that brings it, and that module's settings for the tenant."""

    plugin: str
    metric: Metric
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Answers:
    """The modules of one tenant, asked for one computation."""

    plugins: Plugins
    tenant: TenantContext

    def call(self, one: Offered, function: Callable[..., Any], argument: Any) -> Any:
        """What the metric's function says. Raises PluginFailed."""
        return self.plugins.call(one.plugin, self.tenant.id, f"metric {one.metric.key}", function, argument)

    def refused(self, one: Offered, problem: str) -> PluginFailed:
        """The error for an answer that is none, noted where the module's admin looks."""
        return self.plugins.guard.refuse(one.plugin, self.tenant.id, f"metric {one.metric.key}", problem)

    def checked(self, one: Offered, answer: Any) -> Reading:
        """The answer, which must be a Reading with a finite value or a reason. Raises PluginFailed."""
        if not isinstance(answer, Reading):
            raise self.refused(one, f"{type(answer).__name__} instead of a Reading")
        numbers = (answer.value, answer.low, answer.high, answer.coverage)
        if any(number is not None and not math.isfinite(number) for number in numbers):
            raise self.refused(one, "a number that is not finite")
        if answer.value is None and not answer.reason:
            raise self.refused(one, "no value and no reason")
        return answer
