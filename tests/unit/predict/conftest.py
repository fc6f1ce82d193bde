"""The CDNOW sample of shared/data as sufficient statistics; tests that need it are skipped where it is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pytest

FILE = Path(__file__).resolve().parents[4] / "shared" / "data" / "cdnow_sample.txt"
CALIBRATION_END = date(1997, 9, 30)


@dataclass(frozen=True)
class Cdnow:
    x: np.ndarray
    t_x: np.ndarray
    T: np.ndarray
    mean_value: np.ndarray
    later_days: np.ndarray


@pytest.fixture(scope="session")
def cdnow() -> Cdnow:
    """Calibration period to 1997-09-30, weeks, purchases of one day merged."""
    if not FILE.exists():
        pytest.skip(f"{FILE} is not here: the CDNOW sample lies beside the checkout, not in it")
    days: dict[str, dict[date, float]] = {}
    for line in FILE.read_text().splitlines():
        _, customer, day, _, dollars = line.split()
        when = date(int(day[:4]), int(day[4:6]), int(day[6:]))
        bought = days.setdefault(customer, {})
        bought[when] = bought.get(when, 0.0) + float(dollars)
    rows = []
    for bought in days.values():
        seen = sorted(day for day in bought if day <= CALIBRATION_END)
        repeats = [bought[day] for day in seen[1:]]
        rows.append(
            (
                len(repeats),
                (seen[-1] - seen[0]).days / 7,
                (CALIBRATION_END - seen[0]).days / 7,
                np.mean(repeats) if repeats else np.nan,
                len(bought) - len(seen),
            )
        )
    return Cdnow(*np.array(rows).T)
