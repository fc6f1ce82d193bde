"""Profiles of customers by what they are, not by what they do (domain C2 M1): kind, place, way in, age, time with the company."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kith_platform.sdk.types import N_, Placement, PlacementColumn, PlacementFigure, PlacementScope
from kith_plugins.analytics_cem.prototypes import Cells, clusters

FEWEST = 100  # customers; fewer make no groups
DISTINCT = 0.25  # silhouette from which groups are told apart, else a plain rule
FILLED = 0.3  # share of customers of whom an attribute must be known
PLACES = 12  # cities with a name of their own
WORDS, NUMBERS = ("kind", "country", "city", "entry_channel"), ("age", "tenure")
YEAR = 365.25
CELL = ("kind", "country", "city", "entry_channel", "decade", "years")


def _people(scope: PlacementScope) -> ir.Table:
    """customer_id, the words ("" unknown), decade of age and whole years with the company (−1 unknown), age and tenure."""
    rows = scope.tables.customers
    words = {name: rows[name].fill_null("") for name in WORDS}
    age = scope.day.year - rows.birth_year.cast("float64")
    tenure = ibis.literal(scope.day).delta(rows.since, unit="day").cast("float64") / YEAR
    rows = rows.select("customer_id", **words, age=age, tenure=ibis.greatest(tenure, 0.0))
    rows = rows.mutate(
        decade=(rows.age // 10).cast("int64").fill_null(-1),
        years=ibis.least(rows.tenure.floor(), 20.0).cast("int64").fill_null(-1),
    ).view()
    towns = rows.filter(rows.city != "")
    towns = towns.group_by("city").aggregate(people=towns.count())
    towns = towns.order_by([ibis.desc("people"), "city"]).limit(PLACES).select(town="city")
    joined = rows.left_join(towns, rows.city == towns.town)
    return joined.mutate(city=joined.town.fill_null("")).drop("town")


def place(scope: PlacementScope) -> ir.Table:
    """Everybody, where there are enough customers and two attributes that tell them apart."""
    (counted,) = scope.rows(scope.people.aggregate(people=scope.people.count()))
    if counted["people"] < FEWEST:
        return _table([], {}).select("customer_id", "code", "distance")
    people = scope.once("profiled", lambda: _people(scope))
    cells = people.group_by(*CELL).aggregate(times=people.count(), age=people.age.mean(), tenure=people.tenure.mean())
    rows = sorted(scope.rows(cells), key=lambda row: tuple(str(row[name]) for name in CELL))
    told = _table(rows, profiled(rows))
    joined = people.inner_join(told, [people[name] == told[f"cell_{name}"] for name in CELL])
    return joined.select("customer_id", "code", "distance")


def profiled(rows: Sequence[Mapping[str, Any]]) -> dict[int, tuple[str, float | None]]:
    """The profile of each cell by its number, and how far it is from the typical one; none where nothing tells cells apart."""
    people = sum(row["times"] for row in rows)
    words = [name for name in WORDS if _telling(rows, name, people)]
    numbers = [name for name in NUMBERS if sum(row["times"] for row in rows if row[name] is not None) >= FILLED * people]
    if len(words) + len(numbers) < 2:
        return {}
    found = clusters(_cells(rows, words, numbers))
    if found is not None and found.silhouette >= DISTINCT:
        names = _names(rows, found.label.tolist(), words)
        return {at: (names[label], float(found.distance[at])) for at, label in enumerate(found.label.tolist())}
    if not words:
        return {}
    return {at: (_said([row[name] for name in words[:2]]), None) for at, row in enumerate(rows)}


def _telling(rows: Sequence[Mapping[str, Any]], name: str, people: int) -> bool:
    """Known of enough people, and not the same of all."""
    known = [row for row in rows if row[name]]
    return sum(row["times"] for row in known) >= FILLED * people and len({row[name] for row in known}) > 1


def _cells(rows: Sequence[Mapping[str, Any]], words: Sequence[str], numbers: Sequence[str]) -> Cells:
    import numpy as np

    times = np.array([row["times"] for row in rows], float)
    codes = [{value: at for at, value in enumerate(sorted({row[name] for row in rows}))} for name in words]
    coded = [[code[row[name]] for name, code in zip(words, codes, strict=True)] for row in rows]
    scaled = []
    for name in numbers:
        values = np.array([np.nan if row[name] is None else row[name] for row in rows], float)
        known = ~np.isnan(values)
        mean = np.average(values[known], weights=times[known])
        spread = float(np.sqrt(np.average((values[known] - mean) ** 2, weights=times[known]))) or 1.0
        scaled.append(np.where(known, (values - mean) / spread, 0.0))
    numeric = np.array(scaled).T if scaled else np.zeros((len(rows), 0))
    return Cells(times, np.array(coded, dtype=np.int64).reshape(len(rows), len(words)), numeric)


def _names(rows: Sequence[Mapping[str, Any]], labels: Sequence[int], words: Sequence[str]) -> dict[int, str]:
    """The most frequent words of each cluster; its age and years with the company where that is not enough."""
    found: dict[int, str] = {}
    for label in sorted(set(labels)):
        own = [row for row, one in zip(rows, labels, strict=True) if one == label]
        modes = []
        for name in words:
            counted: Counter[str] = Counter()
            for row in own:
                counted[row[name]] += row["times"]
            modes.append(max(counted, key=lambda word: (counted[word], word)))
        found[label] = _said(modes)
    same = Counter(found.values())
    for label, name in found.items():
        if same[name] > 1:
            own = [row for row, one in zip(rows, labels, strict=True) if one == label]
            hints = [
                f"{short} {value:.0f}" for short, key in (("⌀", "age"), ("↦", "tenure")) if (value := _mean(own, key)) is not None
            ]
            found[label] = " ".join([name, *hints])
    seen: Counter[str] = Counter()
    for label, name in found.items():
        seen[name] += 1
        found[label] = name if seen[name] == 1 else f"{name} #{seen[name]}"
    return found


def _said(words: Sequence[str]) -> str:
    return " · ".join(word or "–" for word in words) or "–"


def _mean(rows: Sequence[Mapping[str, Any]], name: str) -> float | None:
    """Over the people of whom it is known."""
    known = [(row[name], row["times"]) for row in rows if row[name] is not None]
    people = sum(times for _value, times in known)
    return sum(value * times for value, times in known) / people if people else None


def _table(rows: Sequence[Mapping[str, Any]], found: Mapping[int, tuple[str, float | None]]) -> ir.Table:
    """The cells with code and distance; and a customer_id, null, for who has no profile at all."""
    kept = [(row, *found[at]) for at, row in enumerate(rows) if at in found]
    columns = {
        f"cell_{name}": pa.array([row[name] for row, _code, _distance in kept], pa.int64() if name in CELL[4:] else pa.string())
        for name in CELL
    }
    columns["code"] = pa.array([code for _row, code, _distance in kept], pa.string())
    columns["distance"] = pa.array([distance for _row, _code, distance in kept], pa.float64())
    columns["customer_id"] = pa.nulls(len(kept), pa.int64())
    return ibis.memtable(pa.table(columns))


def typical(scope: PlacementScope) -> Sequence[Mapping[str, Any]]:
    """In words: how many each profile has, how old they are and how long with the company."""
    rows = scope.once("profiles", lambda: place(scope))
    (counted,) = scope.rows(rows.aggregate(people=rows.count()))
    if not counted["people"]:
        return []
    people = scope.once("profiled", lambda: _people(scope)).select(person="customer_id", age="age", tenure="tenure")
    joined = rows.inner_join(people, rows.customer_id == people.person)
    own = joined.group_by("code").aggregate(customers=joined.count(), age=joined.age.mean(), tenure=joined.tenure.mean())
    said = []
    for row in scope.rows(own.order_by([ibis.desc("customers"), "code"])):
        params = {"code": row["code"], "customers": row["customers"]}
        text = SIZE if row["tenure"] is None else TENURE if row["age"] is None else AGE
        numbers = {name: round(row[name]) for name in NUMBERS if row[name] is not None}
        said.append({"text": text, "params": params | numbers})
    return said


SIZE = N_("%(code)s: %(customers)s customers.")
TENURE = N_("%(code)s: %(customers)s customers, with you for %(tenure)s years on average.")
AGE = N_("%(code)s: %(customers)s customers, %(age)s years old and with you for %(tenure)s years on average.")

PROFILE = Placement(
    key="profile",
    label=N_("Profiles"),
    answers=N_("What kinds of customers are there, by what they are rather than by what they buy?"),
    columns=(
        PlacementColumn(name="code", label=N_("Profile"), kind="text"),
        PlacementColumn(name="distance", label=N_("Distance from the typical customer of the profile"), kind="number"),
    ),
    needs=("customers",),
    compute=lambda scope: scope.once("profiles", lambda: place(scope)),
    figures=(
        PlacementFigure(
            key="typical",
            title=N_("Who they are"),
            shape="list",
            compute=typical,
            note=N_("Found by k-prototypes over kind, place, way in, age and time with you; by a plain rule where groups blur."),
        ),
    ),
)
