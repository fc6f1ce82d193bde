"""A company's facts written straight to Parquet, as a snapshot would, so that frames can be tried without a database."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kith_platform.blobs import Blobs
from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.frames.service import Frames
from kith_platform.snapshots.manifest import AttributeShape, File, Manifest, TableFiles
from kith_platform.snapshots.shape import shapes_of

Row = dict[str, Any]
LONG_AGO = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Company:
    """Give it rows by fact name, then `open` it. Customers 1, 2, 3 … have the records 11, 12, 13 …"""

    def __init__(self, folder: Path, zone: str = "UTC", currency: str = "USD") -> None:
        self.zone, self.currency = zone, currency
        self.blobs = Blobs((folder / "blobs").as_uri()).of(1)
        self.attributes: list[AttributeShape] = []
        self.scratch = folder / "scratch"
        self._rows: dict[str, list[Row]] = {}
        self._deltas: list[tuple[str, int, list[Row]]] = []
        self._opened: list[Frames] = []

    def customer(self, number: int, *, merged_into: int | None = None, is_test: bool = False, **given: Any) -> int:
        """One customer with one record; gives the record's id."""
        record = {name: given.pop(name) for name in ("since", "birth_year", "gender", "known_at") if name in given}
        self._add("customer", {"id": number, "merged_into": merged_into, "is_test": is_test, **given})
        self._add("customer_record", {"id": 10 + number, "customer_id": number, "known_at": LONG_AGO, **record})
        return 10 + number

    def fact(self, name: str, at: dt.datetime | dt.date, /, **given: Any) -> int:
        """One row that happened at an aware time, or on a day without time. Known when it happened unless told otherwise."""
        moment = at if isinstance(at, dt.datetime) else dt.datetime.combine(at, dt.time.min, ZoneInfo(self.zone))
        local = moment.astimezone(ZoneInfo(self.zone))
        row = {
            "occurred_at": moment,
            "occurred_on": local.date(),
            "occurred_local": local.replace(tzinfo=None),
            "day_only": not isinstance(at, dt.datetime),
            "known_at": moment,
            "currency": self.currency,
            **given,
        }
        return self._add(name, row)

    def thing(self, name: str, /, **given: Any) -> int:
        """One row of a fact without a date."""
        return self._add(name, {"known_at": LONG_AGO, **given})

    def _add(self, name: str, row: Row) -> int:
        rows = self._rows.setdefault(name, [])
        rows.append({"id": len(rows) + 1, **row})
        number: int = rows[-1]["id"]
        return number

    def open(self) -> Frames:
        tables: dict[str, TableFiles] = {}
        for shape in shapes_of(FactCatalogue(), self.attributes, self.zone):
            rows = self._rows.get(shape.name, [])
            fitted = [{column: row.get(column) for column in shape.schema.names} for row in rows]
            tables[shape.name] = TableFiles(
                shape.columns, shape.zone, (self._write(shape.name, pa.Table.from_pylist(fitted, shape.schema)),)
            )
        manifest = Manifest(
            1, uuid.uuid4(), 1, 1, dt.datetime.now(dt.UTC), "", 0, self.zone, self.currency, tuple(self.attributes), tables
        )
        frames = Frames(manifest, self.blobs, FactCatalogue(), threads=1, memory_mb=256, scratch=self.scratch)
        self._opened.append(frames)
        return frames

    def _write(self, name: str, rows: pa.Table) -> File:
        path = f"snapshots/one/{name}.parquet"
        with self.blobs.open(path, "wb") as stream:
            pq.write_table(rows, stream)
        return File(path, rows.num_rows, self.blobs.size(path), 1)

    def close(self) -> None:
        for frames in self._opened:
            frames.close()


@pytest.fixture
def make_company(tmp_path: Path) -> Iterator[Callable[..., Company]]:
    made: list[Company] = []

    def make(zone: str = "UTC", currency: str = "USD") -> Company:
        made.append(Company(tmp_path / str(len(made)), zone, currency))
        return made[-1]

    yield make
    for company in made:
        company.close()


@pytest.fixture
def company(make_company: Callable[..., Company]) -> Company:
    return make_company()
