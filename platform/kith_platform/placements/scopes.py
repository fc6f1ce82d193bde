"""What placements may look at on days that are computed together. In a job's child only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.calendar.business import BusinessCalendar
from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.frames import Frames
from kith_platform.placements.histories import buying, quiet
from kith_platform.sdk.placing import Histories, PlacementTurns
from kith_platform.sdk.rhythm import ONE_DAY, USUAL_GAP, mark
from kith_platform.sdk.staying import decided, standing
from kith_platform.sdk.types import Buying, PlacementScope
from kith_tenants.tenant import TenantContext

Keep = Callable[[ir.Table], ir.Table]


class Scopes:
    """The scopes of some days. What one placement keeps, the module's others find; `keep` holds it while they are computed."""

    def __init__(
        self,
        frames: Frames,
        catalogue: FactCatalogue,
        tenant: TenantContext,
        days: Sequence[dt.date],
        found: Histories,
        keep: Keep,
        calendar: BusinessCalendar,
        *,
        usual_gap: float = USUAL_GAP,
    ) -> None:
        self._frames, self._catalogue, self._tenant = frames, catalogue, tenant
        self._days, self._histories, self._keep = tuple(days), found, keep
        self._calendar, self._usual_gap = calendar, usual_gap
        self._kept: dict[tuple[str, ...], ir.Table] = {}

    def scope(self, plugin: str, settings: Mapping[str, Any], day: dt.date, **more: Any) -> PlacementScope:
        """`more` is what only the placement itself knows: before, month_end, limits."""

        def keep(*name: str) -> Callable[[str, Callable[[], ir.Table]], ir.Table]:
            return lambda key, make: self._once((plugin, *name, key), make)

        return PlacementScope(
            tables=self._frames.at(day),
            day=day,
            tenant=self._tenant,
            settings=settings,
            bought=lambda: _until(buying(self._histories), day),
            people=self._once(("", day.isoformat()), lambda: self._people(day)),
            has=self._has,
            once=keep(day.isoformat()),
            active=lambda: self._once(("", day.isoformat(), "active"), lambda: self._active(day)),
            turns=PlacementTurns(
                days=self._days,
                tables=self._frames.at(self._days[-1]),
                tenant=self._tenant,
                settings=settings,
                histories=self._histories,
                has=self._has,
                keep=keep(),
                calendar=self._calendar,
            ),
            **more,
        )

    def _once(self, key: tuple[str, ...], make: Callable[[], ir.Table]) -> ir.Table:
        if key not in self._kept:
            self._kept[key] = self._keep(make())
        return self._kept[key]

    def _people(self, day: dt.date) -> ir.Table:
        if day != self._frames.last_day:
            return self._frames.at(day).people
        # Whoever was entered after the last thing that happened is placed, too.
        records = self._frames.at(day)["records"]
        return records.filter(records.customer_id.notnull()).group_by("customer_id").aggregate(since=records.since.min())

    def _active(self, day: dt.date) -> ir.Table:
        tables = self._frames.at(day)
        events = tables["subscription_events"] if self._has("subscription_events") else None
        marks = mark(day + ONE_DAY)
        if day == self._histories.until:  # what every refresh asks for: from lists, in far fewer words than from rows
            silent = quiet(self._histories, tables.run, self._usual_gap).mutate(place=ibis.literal(0, "int64"))
            rows = decided(silent, events, marks)
        else:
            rows = standing(_until(buying(self._histories), day).purchases, events, marks, self._usual_gap)
        return rows.filter(rows.active.fill_null(False)).select("customer_id")

    def _has(self, plural: str) -> bool:
        table = self._frames.manifest.tables.get(self._catalogue.by_plural(plural).name)
        return table is not None and table.rows > 0


def _until(bought: Buying, day: dt.date) -> Buying:
    if day == bought.until:
        return bought
    end = ibis.literal(day)
    purchases, ledger = bought.purchases, bought.ledger
    return replace(bought, until=day, purchases=purchases.filter(purchases.day <= end), ledger=ledger.filter(ledger.day <= end))
