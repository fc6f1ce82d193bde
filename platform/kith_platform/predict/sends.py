"""Campaigns of the past as rows to learn from: who was sent what, what was known of them before, and what came in the window.

A row is a customer of a campaign. Features are those of the day of the send; sends of one week share the looks of its first day,
so that a company that writes daily does not compute features daily.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from kith_platform.i18n import N_
from kith_platform.predict.evidence import Floats, Ids, day_number, day_of
from kith_platform.predict.features.contacts import CONTACTS, RFM_CELL, held_back, unwilling
from kith_platform.predict.fits.refusal import FitRefused, Reason
from kith_platform.predict.matrix import Matrix, matrix_at
from kith_platform.predict.training import Evidence

WINDOW_DAYS = 14
LOOK_DAYS, MOST_LOOKS = 7, 16
MOST_ROWS = 400_000  # beyond it every k-th customer teaches: more of the same says no more, and must not fill the memory
LATER_SHARE = 0.2  # of all rows, for the test and for validation each
DIGITS = (1, 2, 3, 4, 5)
CELLS = tuple(float(100 * r + 10 * f + m) for r in DIGITS for f in DIGITS for m in DIGITS)
CELL_EDGES = tuple((lower + upper) / 2.0 for lower, upper in pairwise(CELLS))

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Sends:
    """One row per customer and campaign, the first send, in order of day: campaign as a number, day number, whether held back,
    whether delivered (true where a campaign tells of no delivery), converted and bought within the window."""

    customer: Ids
    campaign: Ids
    day: Ids
    control: Bools
    delivered: Bools
    converted: Bools
    bought: Bools

    def where(self, rows: Bools) -> Sends:
        return Sends(*(getattr(self, field.name)[rows] for field in fields(self)))

    @property
    def outcome(self) -> tuple[str, Bools]:
        """What counts as an answer, and who gave it: `converted` where the files say so of anybody, else `bought`."""
        return ("converted", self.converted) if self.converted[~self.control].any() else ("bought", self.bought)

    @property
    def fair_outcome(self) -> tuple[str, Bools]:
        """The same for both arms: conversions are often noted of the treated alone, then `bought` counts."""
        both = self.converted[self.control].any() and self.converted[~self.control].any()
        return ("converted", self.converted) if both else ("bought", self.bought)


def past(evidence: Evidence) -> Sends:
    """All sends whose window was over at the question's cutoff, as they were known then."""
    question = evidence.question
    tables, end = question.frames.before(question.cutoff), day_number(question.cutoff)
    rows = tables.touches
    rows = rows.filter(rows.customer_id.notnull(), rows.campaign.notnull())
    waited = rows.converted_at.epoch_seconds() - rows.occurred_at.epoch_seconds()
    found = tables.run(
        rows.select(
            "customer_id",
            "campaign",
            "id",
            day=rows.occurred_on.epoch_days(),
            control=held_back(rows),
            delivered=rows.delivered_at.notnull(),
            converted=((waited >= 0) & (waited < WINDOW_DAYS * 86_400)).fill_null(False),
        ).order_by("day", "customer_id", "campaign", "id")
    )
    _, campaign = np.unique(np.asarray(found["campaign"].to_pylist(), dtype=np.str_), return_inverse=True)
    customer, day = (found[name].to_numpy().astype(np.int64) for name in ("customer_id", "day"))
    flags = [found[name].to_numpy(zero_copy_only=False).astype(np.bool_) for name in ("control", "delivered", "converted")]
    told = np.bincount(campaign, flags[1], minlength=1) > 0
    delivered = flags[1] | ~told[campaign]
    every = Sends(customer, campaign.astype(np.int64), day, flags[0], delivered, flags[2], _bought(evidence, customer, day))
    _, first = np.unique(customer * (campaign.max(initial=0) + 1) + campaign, return_index=True)
    over = every.where(np.isin(np.arange(customer.size), first) & (day + WINDOW_DAYS <= end))
    return over.where(over.customer % (1 + over.customer.size // MOST_ROWS) == 0)


def _bought(evidence: Evidence, customer: Ids, day: Ids) -> Bools:
    """Whether a customer bought on a day of the window that begins with `day`."""
    purchases = evidence.purchases().before(day_number(evidence.question.cutoff))
    scale = 1_000_000  # beyond every day number: customer and day as one ordered number
    known = purchases.customer * scale + purchases.day
    start = customer * scale + day
    return np.asarray(np.searchsorted(known, start + WINDOW_DAYS) > np.searchsorted(known, start))


@dataclass(frozen=True)
class Part:
    """Rows of one part of the split: features and their sends."""

    matrix: Matrix
    sends: Sends


@dataclass(frozen=True)
class Parts:
    """Training, validation and test, in order of time; no day is in two windows."""

    train: Part
    validation: Part
    test: Part

    def days(self) -> Mapping[str, str]:
        """The first days of each."""
        return {
            f"{name}_from": day_of(getattr(self, name).sends.day.min()).isoformat() for name in ("train", "validation", "test")
        }


def parts(evidence: Evidence, every: Sends, wanted: Bools) -> Parts:
    """The `wanted` rows of all past sends, split by time. Raises FitRefused where they do not make three parts."""
    looks = _looks(every.day[wanted])
    found = []
    for done, (start, end) in enumerate(looks):
        evidence.question.progress(5 + 40 * done // len(looks), N_("Looking at customers as they were then"))
        found.append(_look(evidence, every.where(wanted & (every.day >= start) & (every.day < end)), start))
    split = _split([(start, part.sends.day.size) for (start, _), part in zip(looks, found, strict=True)])
    if split is None:
        raise FitRefused(Reason.TOO_FEW_CAMPAIGNS, "Campaigns do not make three parts.", found=len(looks), needed=3)
    return Parts(*(_stacked([found[number] for number in numbers]) for numbers in split))


def _looks(days: Ids) -> list[tuple[int, int]]:
    """Spans of days [start, end), each from a day of a send on and at most LOOK_DAYS long; the latest MOST_LOOKS."""
    spans: list[tuple[int, int]] = []
    for day in np.unique(days).tolist():
        if not spans or day >= spans[-1][1]:
            spans.append((day, day + LOOK_DAYS))
    return spans[-MOST_LOOKS:]


def _look(evidence: Evidence, sends: Sends, start: int) -> Part:
    """The sends of one span with what was known of each customer before its first day; NaN for who was unknown then."""
    everybody = looked_at(evidence, day_of(start))
    return Part(Matrix(sends.customer, _of(everybody, sends.customer), everybody.names, {}), sends)


def _of(matrix: Matrix, ids: Ids) -> Floats:
    """The matrix's rows of `ids` (its own ascend), NaN for those it has not."""
    values = np.full((ids.size, len(matrix.names)), np.nan)
    if matrix.ids.size:
        place = np.minimum(np.searchsorted(matrix.ids, ids), matrix.ids.size - 1)
        known = matrix.ids[place] == ids
        values[known] = matrix.values[place[known]]
    return values


def _split(sizes: Sequence[tuple[int, int]]) -> tuple[list[int], list[int], list[int]] | None:
    """Which spans train, validate and test, from (first day, rows) of each; None where one part would be empty."""
    least = LATER_SHARE * sum(rows for _, rows in sizes)

    def last_of(numbers: list[int]) -> list[int]:
        taken, kept = 0, list[int]()
        for number in reversed(numbers):
            if taken >= least:
                break
            taken += sizes[number][1]
            kept.insert(0, number)
        return kept

    def before(later: list[int], numbers: list[int]) -> list[int]:
        """Spans whose windows are over when the later ones begin."""
        span = LOOK_DAYS - 1 + WINDOW_DAYS
        return [number for number in numbers if later and sizes[number][0] + span <= sizes[later[0]][0]]

    test = last_of(list(range(len(sizes))))
    rest = before(test, list(range(len(sizes))))
    validation = last_of(rest)
    train = before(validation, rest)
    return (train, validation, test) if train and validation and test else None


def _stacked(found: list[Part]) -> Part:
    sends = [part.sends for part in found]
    joined = Sends(*(np.concatenate([getattr(one, field.name) for one in sends]) for field in fields(Sends)))
    return Part(Matrix.stack([part.matrix for part in found]), joined)


def looked_at(evidence: Evidence, cutoff: dt.date) -> Matrix:
    """Everybody's features at a cutoff for models of campaigns. No known directions: what makes leave may make answer."""
    found, sent = evidence.matrix(cutoff), matrix_at(evidence.question.frames, (CONTACTS,), cutoff)
    values = np.column_stack([found.values, _of(sent, found.ids), rfm_cells(found)])
    return Matrix(found.ids, values, (*found.names, *sent.names, RFM_CELL.name), {})


def reachable(evidence: Evidence) -> Matrix:
    """Features at the question's cutoff of those who may get the next campaign."""
    question = evidence.question
    everybody, tables = looked_at(evidence, question.cutoff), question.frames.before(question.cutoff)
    return everybody.where(~np.isin(everybody.ids, tables.run(unwilling(tables))["customer_id"].to_numpy()))


def rfm_cells(matrix: Matrix) -> Floats:
    """Recency, frequency and spend of a year as digits 1 to 5 (5 the best), by quintiles of buyers: 111 … 555, (n,); NaN for
    who never bought."""
    recency, frequency, money = (matrix.column(name) for name in ("recency", "orders_365", "net_365"))
    digits = [_quintile(values) for values in (-recency, np.where(np.isnan(recency), np.nan, np.nan_to_num(frequency)), money)]
    cells = 100.0 * digits[0] + 10.0 * digits[1] + np.nan_to_num(digits[2], nan=1.0)
    return np.asarray(np.where(np.isnan(recency), np.nan, cells))


def _quintile(values: Floats) -> Floats:
    known = values[~np.isnan(values)]
    if not known.size:
        return np.full(values.size, np.nan)
    edges = np.quantile(known, [0.2, 0.4, 0.6, 0.8])
    return np.where(np.isnan(values), np.nan, 1.0 + np.searchsorted(edges, values, side="left"))
