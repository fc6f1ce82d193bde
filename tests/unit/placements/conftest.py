"""What a placement may look at on one day, over a company's facts in Parquet; without servers."""

from __future__ import annotations

import datetime as dt
import importlib.util
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import ibis
import ibis.expr.types as ir
import pytest

from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.metrics.buying import buying
from kith_platform.sdk.types import PlacementScope
from kith_tenants.tenant import TenantContext


def _neighbour() -> ModuleType:
    """The company of the frames' tests: pytest gives conftest modules no name to import them by."""
    path = Path(__file__).parents[1] / "frames" / "conftest.py"
    spec = importlib.util.spec_from_file_location("frames_conftest", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Any]:
    made = _neighbour().Company(tmp_path)
    yield made
    made.close()


@pytest.fixture
def scope_of(company: Any) -> Callable[..., PlacementScope]:
    """`scope_of(day, limits=…)`: the company's facts as they are when it is called."""

    def make(day: dt.date, *, limits: Mapping[str, float] | None = None, **given: Any) -> PlacementScope:
        frames = company.open()
        tables = frames.at(day)
        kept: dict[str, ir.Table] = {}

        def once(name: str, compute: Callable[[], ir.Table]) -> ir.Table:
            return kept.setdefault(name, ibis.memtable(tables.run(compute()))) if name not in kept else kept[name]

        def has(plural: str) -> bool:
            return bool(frames.manifest.tables[FactCatalogue().by_plural(plural).name].rows)

        people = tables["records"].group_by("customer_id").aggregate(since=tables["records"].since.min())
        tenant = TenantContext(1, frames.manifest.public_id, "test", "Test", "retail", "en", "USD", "UTC", "active")
        more = {"settings": {}, "limits": limits or {}, **given}
        return PlacementScope(
            tables=tables,
            day=day,
            tenant=tenant,
            buying=buying(frames, day, gaps=True),
            people=people,
            has=has,
            once=once,
            **more,
        )

    return make
