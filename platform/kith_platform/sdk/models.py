"""A question that is answered yes or no of each customer, by a model that each company trains on its own data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from kith_platform.frames import Tables


@dataclass(frozen=True, kw_only=True)
class Model:
    """What is asked, of whom, and the rule to beat; core does the rest by one protocol (domain.md D0): cutoffs, a split by time,
    the model that the data can bear, calibration, and a test against the rule, which serves where the model is no better.

    `asked_of(tables, cutoff)` gives customer_id of those it is asked of; `tables` hold what was known before the cutoff.
    `came(tables, start, end)` gives customer_id and `outcome` (1.0 yes, 0.0 no, null for neither) for days start ≤ day < end of
    the company's calendar; a customer who is missing counts as no. `tables` hold all that is known now. The model learns from the
    features of core and of the modules that are on; name in `without` those that the outcome itself makes.
    `begins_with` is the plural of the fact whose first row begins the history. `rule_edges` cut `rule_feature` into bands: the
    rate of each is the baseline, `prior` the rate before any window is over. `plain` names features of a second baseline;
    `senses` gives features of which it is known that more makes it likelier (1) or less likely (−1).
    `label`, `answers` (the question), `chance` (what a score is called), `yes` and `no` (what stands before the reasons of a high
    and a low score, "Typical of …:") are English msgids. `key` of a plugin's begins with the plugin's name and a dot.
    `of_whom` and `counts` tell on the model's page whom it is asked of and what is a yes, as English msgids.
    `saves`: a yes loses a customer whom a contact may save; the page then shows what contacting earns.
    `adverse`: a high score can lead to a decision against the customer, which only a person may take.
    """

    key: str
    label: str
    answers: str
    chance: str
    yes: str
    no: str
    begins_with: str
    horizon_days: int
    asked_of: Callable[[Tables, dt.date], ir.Table]
    came: Callable[[Tables, dt.date, dt.date], ir.Table]
    rule_feature: str
    rule_edges: tuple[float, ...]
    prior: float
    plain: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    senses: Mapping[str, int] = field(default_factory=dict)
    adverse: bool = False
    of_whom: str = ""
    counts: str = ""
    saves: bool = False
