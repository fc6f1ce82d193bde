"""How a fact is declared. Table, import, snapshot and frame all follow from one `Fact`.

Every fact table carries, beside its declared columns: tenant_id, id, source, external_id, record_id (whose it is, where
`of_customer`), occurred_at, occurred_on, day_only, known_at, changed_at, import_id; and public_id where it has a URL.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a column holds. Text sorts by bytes (COLLATE "C"), so that row level security can use its index."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"  # exact decimal(19,4); in frames float64
    MONEY = "money"  # exact decimal(19,4); in frames int64 ten-thousandths; its currency is the row's
    BOOLEAN = "boolean"
    DATE = "date"  # a calendar day in the tenant's zone
    TIME = "time"  # an instant, stored in UTC
    PRODUCT = "product"  # the id of a product of the same tenant
    ORDER = "order"  # the id of a sales order of the same tenant


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a fact.

    `filled_at` names the column that says when a late-filled value became known: before that time it is null in
    `frames.before`. A column that changes without such a time says `undated=True` and is not in `before` at all.
    `aliases` are further header words by which the mapping guess knows the column, in any language.
    """

    name: str
    kind: Kind
    label: str
    required: bool = False
    filled_at: str | None = None
    undated: bool = False
    may_be_future: bool = False
    choices: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One kind of thing that happened.

    `occurred` names the declared TIME or DATE column that dates a row; the loader copies it to occurred_at, occurred_on.
    `key` names the columns that identify a row where the source gives no id of its own ("" = content and occurrence number).
    `plugin` is filled by core: facts of a plugin live in schema plugin_<name>.
    """

    name: str
    plural: str
    label: str
    label_plural: str
    columns: tuple[Column, ...]
    occurred: str | None
    of_customer: bool = True
    has_url: bool = False
    key: tuple[str, ...] = ()
    plugin: str = ""
    aliases: tuple[str, ...] = ()  # header words for the row's own id

    def column(self, name: str) -> Column:
        """The column called `name`. Raises KeyError where the fact has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name}")

    @property
    def money(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.kind is Kind.MONEY)
