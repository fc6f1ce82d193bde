"""Advice: how a metric becomes a finding of the recommendation report (domain E8). Declared data, no code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Section = Literal["customers", "products", "sales", "service", "risk", "opportunities"]


@dataclass(frozen=True, kw_only=True)
class Worth:
    """What a finding is worth in money, from measured values alone; left out where one of them is missing.

    The change (value less what it is compared with) times the value of the metric `key`, divided by `per`; without a `key` the
    change itself, of a metric of money. `cost`: a rise costs. `level`: the value of `key` as it stands, whatever the change.
    `words` is a marked sentence with `%(money)s`, an amount without sign; `worse` says it where money is lost.
    """

    words: str
    worse: str = ""
    key: str = ""
    per: float = 1.0
    cost: bool = False
    level: bool = False


@dataclass(frozen=True, kw_only=True)
class Advice:
    """When a metric `key` is worth telling, why, and what is to be done.

    It is told where it moved by `matters` or more: the difference of shares (0.02 is two points in a hundred), points, scores and
    coefficients, of other units the change as a share of the value before. `so` says why it matters, `worse` what to do when it
    got worse, `better` when it got better (empty: then nothing is to be done, and it is not told); all marked sentences.
    `days` is the time to act. `good` is the direction of good where the metric itself names none. No finding rests on fewer than
    `least` cases, now or in what it is compared with.
    """

    key: str
    section: Section
    matters: float
    so: str
    worse: str
    better: str = ""
    days: int = 30
    worth: Worth | None = None
    good: Literal["", "up", "down"] = ""
    least: int = 30
