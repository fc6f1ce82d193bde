"""Purchases without a contract: BG/NBD says how often, Gamma-Gamma for how much (domain.md D2). The purchase day is the unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from kith_platform.predict.evidence import Floats, Repeats
from kith_platform.predict.fits import bgnbd, clv, gamma_gamma


@dataclass(frozen=True)
class Fit:
    """Both models, fitted on the same customers at one cutoff."""

    buying: bgnbd.BgNbd
    value: gamma_gamma.ValueModel

    @staticmethod
    def on(history: Repeats) -> Fit:
        """Raises FitRefused with the shortfall."""
        return Fit(bgnbd.fit(history.x, history.t_x, history.T), gamma_gamma.fit_value(history.x, history.mean_net))

    def purchases(self, history: Repeats, days: int) -> Floats:
        """Expected purchase days in the next `days`, (n,)."""
        return bgnbd.expected_purchases(self.buying, history.x, history.t_x, history.T, days / 7.0)

    def per_purchase(self, history: Repeats) -> Floats:
        """Expected net of one purchase day, (n,), in the tenant's currency."""
        return gamma_gamma.expected_value(self.value, history.x, history.mean_net)

    def money(self, history: Repeats, days: int) -> Floats:
        """Expected net of the next `days`, (n,)."""
        return self.purchases(history, days) * self.per_purchase(history)

    def alive(self, history: Repeats) -> Floats:
        """P(still a customer), (n,)."""
        return bgnbd.p_alive(self.buying, history.x, history.t_x, history.T)

    def discounted(self, history: Repeats, months: int, rate_per_month: float) -> Floats:
        """Expected net of the next months, discounted, (n,)."""
        each = self.per_purchase(history)
        return clv.discounted_value(
            self.buying, history.x, history.t_x, history.T, each, months=months, rate_per_month=rate_per_month
        )


def parameters(fit: Fit) -> dict[str, Any]:
    """Parameters in weeks and the tenant's currency; log-likelihoods are natural and total."""
    value = [asdict(model) for model in fit.value.models]
    return {
        "time_unit": "week",
        "bgnbd": asdict(fit.buying),
        "gamma_gamma": value[0] if len(value) == 1 else value,
        "gamma_gamma_starts": list(fit.value.starts),
        "frequency_value_correlation": fit.value.correlation,
        "log_likelihood": fit.buying.log_likelihood,
    }


def fit_of(stored: Mapping[str, Any]) -> Fit | None:
    """The Fit in an opened artefact; None where it holds none."""
    if "bgnbd" not in stored:
        return None
    value = stored["gamma_gamma"]
    models = tuple(
        gamma_gamma.GammaGamma(**{**one, "at_bound": tuple(one["at_bound"])})
        for one in (value if isinstance(value, list) else [value])
    )
    buying = stored["bgnbd"]
    return Fit(
        bgnbd.BgNbd(**{**buying, "at_bound": tuple(buying["at_bound"])}),
        gamma_gamma.ValueModel(
            starts=tuple(stored["gamma_gamma_starts"]), models=models, correlation=stored["frequency_value_correlation"]
        ),
    )
