"""Customer lifetime value without a contract (domain.md D2): BG/NBD for purchases, Gamma-Gamma for their value.

The purchase day is the unit; net stands for margin while lines carry no cost, and every result says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kith_platform.i18n import N_
from kith_platform.predict.evidence import Floats, PurchaseDays, Repeats, day_number, day_of
from kith_platform.predict.fits import bgnbd, bootstrap, clv, evaluation, gamma_gamma
from kith_platform.predict.fits.refusal import FitRefused
from kith_platform.predict.training import Question, Scored, Trained

if TYPE_CHECKING:
    from kith_platform.frames import Frames

LONGEST_HOLDOUT = 39 * 7
SHORTEST_HOLDOUT = 28
FAIR_BIAS = (0.9, 1.1)
Z95 = 1.96


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


def train(question: Question, purchases: PurchaseDays) -> Trained:
    """Fit at the cutoff, judge on days the fit has not seen, and score everybody who has bought. `purchases` of all time."""
    cutoff = day_number(question.cutoff)
    known = PurchaseDays.known(question.frames, question.cutoff)
    if not len(known):
        return Trained(ships=False, verdict="empty")
    history = Repeats.at(known, cutoff)
    question.progress(20, N_("Fitting how often customers buy"))
    try:
        fit = Fit.on(history)
    except FitRefused as refusal:
        return _untrained(question, history, known, refusal)
    question.progress(60, N_("Judging it on days it has not seen"))
    holdout = judge(question.frames, purchases, cutoff, fit)
    question.progress(80, N_("Scoring every customer"))
    ships = bool(holdout and holdout["better"])
    verdict = "better_than_baseline" if ships else "no_better_than_baseline" if holdout else "no_holdout"
    return Trained(
        ships=ships or holdout is None,
        verdict=verdict,
        verdict_params=_verdict_numbers(holdout),
        tier="bgnbd",
        features=("x", "t_x", "T", "mean_net"),
        parameters=parameters(fit),
        metrics=holdout or {},
        report={"holdout": holdout, "customers": int(history.customer.size)},
        warnings=tuple(_warnings(fit, holdout)),
        artefact=json.dumps({"kith_model": "clv", **parameters(fit)}, sort_keys=True).encode(),
        scored=score(fit, history, question) if ships or holdout is None else mean_rule(history, known, question),
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


def judge(frames: Frames, purchases: PurchaseDays, cutoff: int, fit: Fit) -> dict[str, Any] | None:
    """Compare with the better baseline on days after the fit: those after the cutoff where there are any, else the last third.

    `purchases` are those of all time, as they are known now. Better is who errs less and also tells customers apart: a
    constant nearer to the mean would err less, too. Returns None where neither part leaves SHORTEST_HOLDOUT days.
    """
    end = int(purchases.day.max()) + 1
    refit = end - cutoff < SHORTEST_HOLDOUT
    if refit:
        first = int(purchases.day.min())
        length = min(LONGEST_HOLDOUT, (cutoff - first) // 3)
        if length < SHORTEST_HOLDOUT:
            return None
        end, cutoff = cutoff, cutoff - length
    known = PurchaseDays.known(frames, day_of(cutoff))
    history = Repeats.at(known, cutoff)
    if refit:
        try:
            fit = Fit.on(history)
        except FitRefused:
            return None
    days = end - cutoff
    actual, money = purchases.between(cutoff, end).totals(history.customer)
    expected = fit.purchases(history, days)
    expected_money = expected * fit.per_purchase(history)
    rival, rival_name = _baseline(known, history, cutoff, days, money)
    against = bootstrap.compare(money, expected_money, rival, evaluation.mean_absolute_error, seed=0)
    order = evaluation.value(evaluation.spearman, money, expected_money)
    ranks = order is not None and order > Z95 / np.sqrt(money.size - 1)  # Spearman's error where nothing is to be told
    return {
        "from": day_of(cutoff).isoformat(),
        "to": day_of(end - 1).isoformat(),
        "days": days,
        "customers": int(history.customer.size),
        "expected_purchases": float(expected.sum()),
        "actual_purchases": float(actual.sum()),
        "purchases_mae": float(np.mean(np.abs(expected - actual))),
        "expected_money": float(expected_money.sum()),
        "actual_money": float(money.sum()),
        "money_mae": float(np.mean(np.abs(expected_money - money))),
        "bias": evaluation.value(evaluation.bias_ratio, money, expected_money),
        "purchases_bias": evaluation.value(evaluation.bias_ratio, actual, expected),
        "spearman": order,
        "top_tenth_capture": evaluation.value(evaluation.capture_at(0.1), money, expected_money),
        "deciles": evaluation.decile_table(money, expected_money),
        "baseline": rival_name,
        "baseline_money_mae": float(np.mean(np.abs(rival - money))),
        "difference": against.difference if against else None,
        "low": against.low if against else None,
        "high": against.high if against else None,
        "better": bool(ranks and against and against.better(lower_is_better=True)),
    }


def score(fit: Fit, history: Repeats, question: Question) -> Scored:
    """Discounted net of the next months, with P(alive) and expected purchases over the same horizon."""
    per_purchase = fit.per_purchase(history)
    months = question.horizon_months
    values = clv.discounted_value(
        fit.buying,
        history.x,
        history.t_x,
        history.T,
        per_purchase,
        months=months,
        rate_per_month=clv.monthly_rate(question.yearly_discount),
    )
    return Scored(
        customer_ids=history.customer,
        values=values,
        tier="bgnbd",
        extra={
            "p_alive": bgnbd.p_alive(fit.buying, history.x, history.t_x, history.T),
            "expected_purchases": fit.purchases(history, round(months * clv.DAYS_PER_MONTH)),
            "per_purchase": per_purchase,
        },
    )


def rescore(question: Question, artefact: bytes | None) -> Scored | None:
    """Everybody's values at the question's cutoff by the opened artefact of a fit, or by the rule."""
    known = PurchaseDays.known(question.frames, question.cutoff)
    if not len(known):
        return None
    history = Repeats.at(known, day_number(question.cutoff))
    if artefact is None:
        return mean_rule(history, known, question)
    return score(fit_of(json.loads(artefact)), history, question)


def fit_of(stored: Mapping[str, Any]) -> Fit:
    """A Fit from an opened artefact."""
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


def mean_rule(history: Repeats, known: PurchaseDays, question: Question) -> Scored:
    """The cold-start rule: a customer's own last twelve months, drawn towards the mean of all the more, the younger he is."""
    cutoff = day_number(question.cutoff)
    _, money = known.between(cutoff - 365, cutoff).totals(history.customer)
    age = np.minimum(history.T * 7.0 + 1.0, 365.0)
    own = money * 365.0 / np.maximum(age, 30.0)
    weight = age / (age + 365.0)
    mean = float(money.mean()) if money.size else 0.0
    values = (weight * own + (1.0 - weight) * mean) * question.horizon_months / 12.0
    return Scored(customer_ids=history.customer, values=values, tier="rule")


def _baseline(known: PurchaseDays, history: Repeats, cutoff: int, days: int, money: Floats) -> tuple[Floats, str]:
    """The better of D2's baselines on these very days, which is the hardest rival they can give: the last twelve months' money,
    the mean of all, and the last twelve months times the share of customers who came back."""
    last, amount = known.between(cutoff - 365, cutoff).totals(history.customer)
    scale = days / np.clip(history.T * 7.0 + 1.0, 30.0, 365.0)
    own = amount * scale
    before, _ = known.between(cutoff - 730, cutoff - 365).totals(history.customer)
    stayed = float((last[before > 0] > 0).mean()) if (before > 0).any() else 1.0
    rivals = {
        "last_year": own,
        "mean": np.full(own.size, float(own.mean()) if own.size else 0.0),
        "last_year_times_retention": own * stayed,
    }
    name = min(rivals, key=lambda key: float(np.mean(np.abs(rivals[key] - money))))
    return rivals[name], name


def _untrained(question: Question, history: Repeats, known: PurchaseDays, refusal: FitRefused) -> Trained:
    return Trained(
        ships=False,
        verdict=str(refusal.code),
        verdict_params={"found": refusal.found, "needed": refusal.needed},
        scored=mean_rule(history, known, question),
    )


def _verdict_numbers(holdout: dict[str, Any] | None) -> dict[str, Any]:
    keys = ("difference", "low", "high", "baseline", "days", "bias", "money_mae", "baseline_money_mae")
    return {"measure": "money_error", **{key: holdout[key] for key in keys}} if holdout else {}


def _warnings(fit: Fit, holdout: dict[str, Any] | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{"code": "margin_is_net"}]
    if fit.buying.at_bound:
        found.append({"code": "at_bound", "parameters": list(fit.buying.at_bound)})
    bias = holdout["bias"] if holdout else None
    if bias is not None and not FAIR_BIAS[0] <= bias <= FAIR_BIAS[1]:
        found.append({"code": "bias", "bias": bias})
    if len(fit.value.models) > 1:
        found.append({"code": "value_depends_on_frequency", "correlation": fit.value.correlation})
    return found
