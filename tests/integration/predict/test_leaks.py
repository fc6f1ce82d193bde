"""What comes after a cutoff changes no feature: not a bit."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from known_companies import Written

from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.plugins import Plugins
from kith_platform.predict import clv
from kith_platform.predict.features.contacts import CONTACTS
from kith_platform.predict.matrix import matrix_at
from kith_platform.sdk.facts import Fact, Kind
from kith_platform.simulator import Company, simulate

CUTOFF = dt.date(2025, 11, 3)
AS_OF = CUTOFF - dt.timedelta(days=1)


def another_future(company: Company, catalogue: FactCatalogue, random: np.random.Generator) -> dict[str, pl.DataFrame]:
    """The company's tables with the same past. Of what happens later half is gone and the rest is shuffled between rows;
    what was filled in later says something else.
    """
    changed = {}
    for plural, table in company.tables.items():
        rows = table.with_row_index("id", offset=1)
        fact = catalogue.by_plural(plural) if plural != "consents" else None
        if fact is not None and fact.occurred:
            late = rows[fact.occurred].cast(pl.Date) >= CUTOFF
            rows = pl.concat([_overwritten(rows.filter(~late), fact, random), _shuffled(rows.filter(late), random)])
        changed[plural] = rows
    return changed


def _shuffled(rows: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    seed = int(random.integers(1 << 31))
    kept = rows.sample(fraction=0.5, seed=seed, shuffle=True)
    others = {name: kept[name].shuffle(seed + number) for number, name in enumerate(kept.columns) if name != "id"}
    return kept.with_columns(**others)


def _overwritten(rows: pl.DataFrame, fact: Fact, random: np.random.Generator) -> pl.DataFrame:
    """Columns filled at or after the cutoff get another value and another time, which is not before the cutoff either."""
    new: dict[str, pl.Series] = {}
    for column in fact.columns:
        if column.filled_at is None or column.name not in rows.columns or column.filled_at not in rows.columns:
            continue
        late = (rows[column.filled_at].cast(pl.Date) >= CUTOFF).fill_null(value=True)
        values = rows[column.name]
        if column.kind in (Kind.TIME, Kind.DATE):
            moments = CUTOFF + pl.Series(pl.int_range(rows.height, eager=True) % 50).cast(pl.Int64) * dt.timedelta(days=1)
            other = moments.cast(values.dtype)
        else:
            other = values.shuffle(int(random.integers(1 << 31)))
        new[column.name] = other.zip_with(late, values)
    return rows.with_columns(**{name: series.alias(name) for name, series in new.items()})


@pytest.mark.parametrize("kind", ["retailer", "subscription"])
def test_another_future_leaves_every_feature_byte_for_byte_as_it_was(kind: str, written: Written, plugins: Plugins) -> None:
    company = simulate(kind, regime="misspecified", customers=250, years=2.0, seed=5, ends_on=dt.date(2026, 6, 30))
    other = another_future(company, FactCatalogue(plugins.facts()), np.random.default_rng(1))
    changed = {name for name, table in company.tables.items() if not table.equals(other[name].drop("id"))}
    assert changed >= {"orders", "tickets", "survey_responses", "events", "touches"}
    with (
        written(kind, "misspecified", 250, company=company) as known,
        written(kind, "misspecified", 250, company=company, tables=other) as elsewhere,
    ):
        before, after = (matrix_at(one.frames, (*one.sets, CONTACTS), CUTOFF) for one in (known, elsewhere))
        values = [clv.train(replace(one.evidence, question=one.question_at(AS_OF))) for one in (known, elsewhere)]
        now = [matrix_at(one.frames, one.sets, one.question.cutoff) for one in (known, elsewhere)]
    assert before.names == after.names
    assert np.array_equal(before.ids, after.ids)
    different = [name for name in before.names if before.column(name).tobytes() != after.column(name).tobytes()]
    assert different == []
    assert values[0].artefact == values[1].artefact
    assert now[0].values.tobytes() != now[1].values.tobytes(), "the two futures do differ"
