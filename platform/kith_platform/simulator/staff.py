"""Who works in the company: people of four units, what is known of them month by month, and the days they worked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kith_platform.simulator.buying import NEVER, Ints
from kith_platform.simulator.columns import codes, dates, texts
from kith_platform.simulator.firm import RECENT, Firm
from kith_platform.simulator.seasons import Floats

UNITS = ("Sales team", "Service desk", "Marketing office", "Warehouse")
STREAM_UNITS = ("Sales team", "Service desk", "Marketing office", "Studio")
DEPARTMENTS = ("sales", "service", "marketing", "operations")
_SIZES = (9, 8, 6, 7)
_REPS = 6  # of each unit, those who sell or answer
_STAY = np.array([6, 6, 5, 5])  # of each unit, those who were there before and do not leave
_NAMES = (
    "Mei Tan|Arjun Rao|Lena Fox|Wei Koh|Nora Bell|Jun Sato|Priya Nair|Tom Reed|Hui Lim|Ana Cruz|Kai Wong|Eva Stone|Ravi Das|"
    "Lucy Gray|Bo Chen|Sara Holt|Min Park|Dev Shah|Joy Ong|Max Lund|Ivy Ng|Omar Aziz|Tia Vale|Ken Ito|Ruth Hale|Yan Zhou|"
    "Liv Dahl|Sam Okoro|May Yeo|Finn Orr"
)


@dataclass(frozen=True)
class Staff:
    """Columns of one value per person; days as everywhere, NEVER for who has not left."""

    address: NDArray[np.str_]
    unit: Ints
    units: NDArray[np.str_]
    hired: Ints
    left: Ints
    asked_to_leave: NDArray[np.bool_]

    @property
    def sellers(self) -> NDArray[np.str_]:
        return self.address[np.nonzero(self.unit == 0)[0][:_REPS]]

    @property
    def agents(self) -> NDArray[np.str_]:
        return self.address[np.nonzero(self.unit == 1)[0][:_REPS]]


def staff(firm: Firm) -> Staff:
    """Thirty people at an address that RFC 2606 keeps free; a handful leaves."""
    rng = firm.stream("staff")
    house = "willow-moon.example" if firm.kind == "retailer" else "lantern-stream.example"
    address = np.array([f"{name.lower().replace(' ', '.')}@{house}" for name in _NAMES.split("|")])
    unit = np.repeat(np.arange(len(_SIZES)), _SIZES)
    place = np.arange(unit.size) - np.concatenate([[0], np.cumsum(_SIZES)[:-1]])[unit]
    stays = place < _STAY[unit]
    hired = np.where(stays, -400, rng.integers(-400, max(firm.days - 200, 1), unit.size))
    ends = np.where(stays | (rng.random(unit.size) < 0.3), NEVER, rng.integers(hired + 90, hired + 1400))
    left = np.where(ends < firm.days, ends, NEVER)
    units = np.array(UNITS if firm.kind == "retailer" else STREAM_UNITS)
    return Staff(address, unit, units, hired, left, rng.random(unit.size) < 0.3)


def employee_snapshots(firm: Firm, crew: Staff) -> pl.DataFrame:
    """The whole staff on the first day of each month; who left in the month before is in it once more, with that day."""
    rng = firm.stream("employee snapshots")
    rows: list[tuple[Ints, Floats]] = []
    before = firm.since - 30
    for month in firm.months:
        here = np.nonzero((crew.hired <= month.begins) & (crew.left > before))[0]
        rows.append((here, np.full(here.size, float(month.begins))))
        before = month.begins
    who = np.concatenate([row[0] for row in rows])
    day = np.concatenate([row[1] for row in rows])
    gone = crew.left[who] <= day
    trait = rng.normal(0.0, 6.0, (crew.unit.size, 4))
    scores = np.clip(np.array([78.0, 82.0, 70.0, 62.0]) + trait[who] + rng.normal(0.0, 3.0, (who.size, 4)), 0, 100).round(1)
    part_time = rng.random(crew.unit.size) < 0.2
    return pl.DataFrame(
        {
            "employee_snapshot_id": codes("EM", who.size),
            "day": dates(firm.start, day),
            "employee": crew.address[who],
            "unit": crew.units[crew.unit[who]],
            "department": np.array(DEPARTMENTS)[crew.unit[who]],
            "fte": np.where(gone, 0.0, np.where(part_time[who], 0.6, 1.0)),
            "customer_facing": crew.unit[who] < 2,
            "licensed": crew.unit[who] < 3,
            "on_leave": ~gone & (rng.random(who.size) < 0.04),
            "left_on": dates(firm.start, np.where(gone, crew.left[who], np.nan)),
            "leaving_kind": texts(["voluntary", "involuntary"], crew.asked_to_leave[who], gone),
            **dict(zip(("attainment", "quality", "pay_fit", "training"), scores.T, strict=True)),
        }
    )


def work_days(firm: Firm, crew: Staff) -> pl.DataFrame:
    """The sellers' working days of the last sixteen months, with the minutes they logged; a day in fourteen they are away."""
    rng = firm.stream("work days")
    days = np.arange(max(firm.days - RECENT, 0), firm.days)
    days = days[(days + firm.start.weekday()) % 7 < 5]
    rep = np.repeat(np.arange(crew.sellers.size), days.size)
    away = rng.random(rep.size) < 1 / 14
    return pl.DataFrame(
        {
            "work_day_id": codes("WD", rep.size),
            "day": dates(firm.start, np.tile(days, crew.sellers.size)),
            "rep": crew.sellers[rep],
            "unit": np.full(rep.size, crew.units[0]),
            "minutes": np.where(away, 0, rng.integers(420, 511, rep.size)),
            "on_leave": away,
        }
    )
