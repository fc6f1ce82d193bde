"""A demo company: its tables as it would export them, and the truth about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import polars as pl

from kith_platform.simulator.truth import Truth

CompanyKind = Literal["retailer", "subscription"]
Regime = Literal["well_specified", "misspecified", "no_signal"]


@dataclass(frozen=True)
class Company:
    """Tables are keyed by the plural business names of facts; times are wall-clock times in `time_zone`, money is in
    `currency`, orders and lines without tax. `names` has the keys en, zh_Hans, zh_Hant."""

    kind: CompanyKind
    names: Mapping[str, str]
    industry: str
    currency: str
    time_zone: str
    language: str
    seed: int
    regime: Regime
    starts_on: date
    ends_on: date
    tables: Mapping[str, pl.DataFrame]
    truth: Truth


def write_csv(company: Company, folder: Path) -> dict[str, Path]:
    """Write one UTF-8 CSV with header per table into the folder (made where missing); gives the paths by table name."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / f"{name}.csv" for name in company.tables}
    for name, path in paths.items():
        company.tables[name].write_csv(path, datetime_format="%Y-%m-%d %H:%M:%S", date_format="%Y-%m-%d")
    return paths
