"""The placement ABC–XYZ: customers on the map, products beside it (domain C6)."""

from __future__ import annotations

from kith_platform.sdk.types import N_, Placement, PlacementColumn, PlacementFigure, PlacementMap
from kith_plugins.analytics_cem import products
from kith_plugins.analytics_cem.abc_xyz import CODES, pareto, place

ABC_XYZ = Placement(
    key="abc_xyz",
    label=N_("ABC–XYZ"),
    answers=N_("Who brings the margin (A to C), and how evenly from month to month (X to Z)?"),
    columns=(
        PlacementColumn(name="code", label=N_("ABC–XYZ class"), kind="text", labels=CODES),
        PlacementColumn(name="margin", label=N_("Margin"), kind="number", unit="money"),
        PlacementColumn(name="variation", label=N_("Variation from month to month"), kind="number"),
        PlacementColumn(name="share", label=N_("Share of all margin"), kind="number", unit="percent"),
    ),
    needs=("orders",),
    compute=place,
    map=PlacementMap(
        columns=(N_("X: even"), N_("Y: varying"), N_("Z: irregular")),
        rows=(N_("A: the first 80 % of the margin"), N_("B: the next 15 %"), N_("C: the rest")),
        cells=tuple(tuple(f"{a}{x}" for x in "XYZ") for a in "ABC"),
    ),
    figures=(
        PlacementFigure(
            key="products",
            title=N_("Products by margin (A to C) and evenness of sales (X to Z)"),
            shape="list",
            compute=products.classes,
            note=N_("Margin of the last 365 days, units of the last twelve whole months."),
        ),
        PlacementFigure(
            key="pareto",
            title=N_("Share of the margin by share of the buyers, best first"),
            shape="curve",
            compute=pareto,
            note=N_("Your own concentration. Buyers without margin count, losses count as nothing."),
        ),
    ),
)
