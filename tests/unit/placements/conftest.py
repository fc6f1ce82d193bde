"""What a placement may look at on one day, over a company's facts in Parquet; without servers."""

from __future__ import annotations

import datetime as dt
import importlib.util
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

import ibis.expr.types as ir
import pytest

from kith_platform.calendar.business import BusinessCalendar
from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.placements.histories import histories
from kith_platform.placements.scopes import Scopes
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
def kept() -> list[ir.Table]:
    """Every expression that was computed on the way."""
    return []


@pytest.fixture
def scope_of(company: Any, kept: list[ir.Table]) -> Iterator[Callable[..., PlacementScope]]:
    """`scope_of(day, days=…, limits=…)`: the company's facts as they are when it is called."""

    with ExitStack() as stack:

        def make(
            day: dt.date,
            *,
            days: Sequence[dt.date] = (),
            settings: Mapping[str, Any] | None = None,
            plugin: str = "analytics_cem",
            closed: Sequence[dt.date] = (),
            **more: Any,
        ) -> PlacementScope:
            frames = company.open()
            hold = stack.enter_context(frames.keeping())

            def keep(rows: ir.Table) -> ir.Table:
                kept.append(rows)
                return hold(rows)

            tenant = TenantContext(1, frames.manifest.public_id, "test", "Test", "retail", "en", "USD", "UTC", "active")
            found = histories(frames, keep)
            scopes = Scopes(
                frames, FactCatalogue(), tenant, days or [day], found, keep, BusinessCalendar(closed=frozenset(closed))
            )
            return scopes.scope(plugin, settings or {}, day, **more)

        yield make
