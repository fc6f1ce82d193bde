"""One fact's share in a chunk of a file, as expressions over the staging table."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Table

from kith_platform.facts.table import row_class
from kith_platform.sdk.facts import Fact


@dataclass(frozen=True)
class Context:
    """Whose file it is: tenant and source, the company's zone and currency, keys of the attributes that the file fills."""

    tenant_id: int
    import_id: int
    source: str
    zone: str
    currency: str
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Load:
    """Rows of one fact: their external id, the values of its columns, and the staging rows that count.

    `values` maps table columns to expressions over staging and the joined tables of `joins`. `finest` is set on loads whose
    rows are the file's lines; the others happen beside, and what they leave blank keeps the value it has. `fixed` columns are
    written with a new row and never changed. `named`: reference column → the id the file gives for it. `public_id` is a new
    row's, where the fact has a URL and the file's lines are its rows. `merged`: column that holds a JSON object → the keys the
    file speaks of; others stay as they are. `further`: these rows come of lines whose fate another load counts.
    """

    fact: Fact
    key: ColumnElement[Any]
    values: Dictionary[str, ColumnElement[Any]]
    where: ColumnElement[bool] | None = None
    joins: tuple[tuple[Table, ColumnElement[bool]], ...] = ()
    finest: bool = False
    fixed: frozenset[str] = frozenset()
    named: Dictionary[str, ColumnElement[Any]] = field(default_factory=dict)
    public_id: ColumnElement[Any] | None = None
    merged: Dictionary[str, tuple[str, ...]] = field(default_factory=dict)
    further: bool = False

    @property
    def table(self) -> Table:
        found: Table = row_class(self.fact).__table__
        return found
