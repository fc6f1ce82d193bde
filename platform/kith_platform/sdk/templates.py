"""Import templates: which column of a well-known system's export goes where, so that nobody has to say it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class TemplateColumn:
    """A column by its header, in any of the forms the system writes (letter case, spaces and signs make no difference), and the
    `fact.field` it goes to: a declared column, `external_id`, `customer` (the customer's number) or `currency`.

    `order` ("ymd", "dmy", "mdy") and `decimal` ("." or ",") say how dates and numbers are written where that is fixed; else
    the file shows it. `values`: what the system writes → the declared choice.
    """

    headers: tuple[str, ...]
    target: str
    order: str = ""
    decimal: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ImportTemplate:
    """One kind of file of one system. `table` is the plural that it fills, `name` completes "This looks like: …".

    A file whose header has a column for each target of `needs` is recognised; of several templates the one with most columns.
    `constants`: target → value of every line, where no column gives it.
    """

    key: str
    name: str
    table: str
    columns: tuple[TemplateColumn, ...]
    needs: tuple[str, ...]
    constants: Mapping[str, str] = field(default_factory=dict)
