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
    RATE = "rate"  # exact decimal(20,10); in frames float64
    REFERENCE = "reference"  # a row of the fact `to`; files give its external id, the table holds its id


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a fact.

    `filled_at` names the column that says when a late-filled value became known (itself, for a time or day): before that
    time it is null in `frames.before`. A column that changes without such a time says `undated=True` and is not in `before`.
    `to` names the fact a REFERENCE points to. `falls_back_to` names the column whose value stands in where a file gives none.
    `aliases` are further header words by which the mapping guess knows the column, in any language.
    """

    name: str
    kind: Kind
    label: str
    required: bool = False
    to: str = ""
    filled_at: str | None = None
    undated: bool = False
    may_be_future: bool = False
    falls_back_to: str | None = None
    choices: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def stored_as(self) -> str:
        """The column's name in the table: a reference holds the other row's id."""
        return f"{self.name}_id" if self.kind is Kind.REFERENCE else self.name


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One kind of thing that happened.

    `occurred` names the declared TIME or DATE column that dates a row; it is stored as occurred_at and occurred_on, not twice.
    `key` names the columns that identify a row where the source gives no id of its own ("" = content and occurrence number).
    `customer_optional`: a file need not say whose its rows are (a market signal, a lead that is nobody's yet). `named`: other
    facts name a row by its external id, so frames carry that id. `sums_to_one` names shares of a whole: a row in which they
    do not add up to 1 is refused.
    `plugin` is filled by core: facts of a plugin live in schema plugin_<name>.
    """

    name: str
    plural: str
    label: str
    label_plural: str
    columns: tuple[Column, ...]
    occurred: str | None
    of_customer: bool = True
    customer_optional: bool = False
    named: bool = False
    sums_to_one: tuple[str, ...] = ()
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
    def stored(self) -> tuple[Column, ...]:
        """Declared columns that have a table column of their own: all but the one that dates the row."""
        return tuple(column for column in self.columns if column.name != self.occurred)

    @property
    def money(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.kind is Kind.MONEY)
