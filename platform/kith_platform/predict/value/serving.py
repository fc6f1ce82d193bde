"""What serves a company: rhythm or trees for purchases, hazard or Kaplan–Meier for subscriptions; and its bytes."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from kith_platform.predict.evidence import Floats, day_number
from kith_platform.predict.fits import clv, tweedie
from kith_platform.predict.training import Evidence, Scored
from kith_platform.predict.value import contract, rhythm
from kith_platform.predict.value.brought import YEAR, by_plan, whole_months
from kith_platform.predict.value.contract import Hazard, fees_of, stays_by
from kith_platform.predict.value.rhythm import Fit
from kith_platform.predict.value.subscriptions import placed
from kith_platform.predict.value.windows import Look, rows_of


@dataclass(frozen=True, eq=False)
class Serving:
    """Without `fit` purchases follow the rule, without `hazard` subscribers leave as others with their plan did. The `trees` tell
    of `days`; to other spans they are stretched as the rhythm's sums are.
    """

    fit: Fit | None = None
    trees: tweedie.Tweedie | None = None
    days: int = 0
    hazard: Hazard | None = None

    @property
    def tier(self) -> str:
        """What says what purchases bring; where nothing is fitted for them, what says how long subscribers stay."""
        bought = "tweedie" if self.trees is not None else "bgnbd" if self.fit is not None else "rule"
        return "hazard" if bought == "rule" and self.hazard is not None else bought

    def expected(self, evidence: Evidence, cutoff: dt.date, look: Look, days: int) -> Floats:
        """Money of `look.customers` in the `days` from the cutoff on, (n,), not discounted."""
        if self.fit is None:
            bought = shrunk(look) * days / YEAR
        elif self.trees is None:
            bought = self.fit.money(look.history, days)
        else:
            bought = self._by_trees(self.trees, self.fit, evidence, cutoff, look, self.fit.money(look.history, days))
        money = placed(look.customers, look.history.customer, bought)
        stays = self.stays(evidence, cutoff, look, whole_months(days))
        return money + fees_of(look.customers, look.bound, stays)

    def score(self, evidence: Evidence, cutoff: dt.date, look: Look) -> Scored:
        """Discounted value of the question's months, and beside it what it is made of: NaN where a customer has nothing of it."""
        months, rate = evidence.question.horizon_months, clv.monthly_rate(evidence.question.yearly_discount)
        history, who = look.history, look.customers
        stays = self.stays(evidence, cutoff, look, months)
        extra = {}
        if self.fit is None:
            bought = shrunk(look) * months / 12.0
        else:
            bought = self.fit.discounted(history, months, rate)
            extra = {
                "p_alive": _told(who, history.customer, self.fit.alive(history)),
                "expected_purchases": _told(
                    who, history.customer, self.fit.purchases(history, round(months * clv.DAYS_PER_MONTH))
                ),
            }
            if self.trees is None:
                extra["per_purchase"] = _told(who, history.customer, self.fit.per_purchase(history))
            else:
                bought = self._by_trees(self.trees, self.fit, evidence, cutoff, look, bought)
        values = placed(who, history.customer, bought) + fees_of(who, look.bound, stays, rate)
        if not look.bound.customer.size:
            return Scored(customer_ids=who, values=values, tier=self.tier, extra=extra)
        bound = np.isin(who, look.bound.customer)
        if "p_alive" in extra:
            extra["p_alive"] = np.where(bound, 1.0, extra["p_alive"])  # who subscribes is a customer: that is known
        extra["monthly_fee"] = _told(who, look.bound.customer, look.bound.fee)
        extra["months_staying"] = _told(who, look.bound.customer, stays.sum(axis=1))
        way = "hazard" if self.hazard is not None else "kaplan_meier"
        bought_by = self.tier if self.fit is not None else "rule"
        return Scored(
            customer_ids=who, values=values, tier=self.tier, tiers=[way if one else bought_by for one in bound], extra=extra
        )

    def stays(self, evidence: Evidence, cutoff: dt.date, look: Look, months: int) -> Floats:
        """P(still subscribed after month h), (n, months), of `look.bound`."""
        if not look.bound.customer.size:
            return np.zeros((0, months))
        if self.hazard is None:
            return by_plan(look.brought.subscriptions, look.bound, day_number(cutoff), months)
        return stays_by(self.hazard, evidence, cutoff, look.bound, months)

    def to_bytes(self) -> bytes:
        """JSON; the same snapshot and seed give the same bytes."""
        fields: dict[str, Any] = {"kith_model": "clv", **(rhythm.parameters(self.fit) if self.fit else {})}
        if self.trees is not None:
            fields |= {"tweedie": self.trees.to_fields(), "tweedie_days": self.days}
        if self.hazard is not None:
            fields["hazard"] = self.hazard.to_fields()
        return json.dumps(fields, sort_keys=True).encode()

    def _by_trees(
        self, trees: tweedie.Tweedie, fit: Fit, evidence: Evidence, cutoff: dt.date, look: Look, rhythm_says: Floats
    ) -> Floats:
        own = float(fit.money(look.history, self.days).sum())
        stretch = float(rhythm_says.sum()) / own if own > 0 else 1.0
        return trees.predict(rows_of(evidence, cutoff, look.history.customer, trees.features)) * stretch


RULE = Serving()


def load(data: bytes, *, nthread: int = 1) -> Serving:
    """From the opened artefact of a version. Raises FitRefused for anything else."""
    stored = json.loads(data)
    trees, hazard = stored.get("tweedie"), stored.get("hazard")
    return Serving(
        rhythm.fit_of(stored),
        tweedie.load(trees, nthread=nthread) if trees else None,
        int(stored.get("tweedie_days", 0)),
        contract.load(hazard, nthread=nthread) if hazard else None,
    )


def rule_scores(evidence: Evidence, look: Look) -> Scored:
    """What the simple rules say: purchases drawn to the mean, subscribers as long as others with their plan stayed."""
    found = RULE.score(evidence, evidence.question.cutoff, look)
    return Scored(customer_ids=found.customer_ids, values=found.values, tier="rule", extra=found.extra)


def shrunk(look: Look) -> Floats:
    """The cold-start rule, a year's net of each buyer: the own last twelve months, drawn towards the mean of all the more, the
    younger a customer is; (n,)."""
    history = look.history
    _, money = look.brought.purchases.between(look.day - YEAR, look.day).totals(history.customer)
    age = np.minimum(history.T * 7.0 + 1.0, float(YEAR))
    own = money * YEAR / np.maximum(age, 30.0)
    weight = age / (age + YEAR)
    mean = float(money.mean()) if money.size else 0.0
    return np.asarray(weight * own + (1.0 - weight) * mean)


def _told(customers: Any, ids: Any, values: Floats) -> Floats:
    """As `placed`, with NaN for who is not among `ids`."""
    return np.where(np.isin(customers, ids), placed(customers, ids, values), np.nan)
