"""What the columns of a labelled table are, and their texts as numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kith_platform.attributes import kinds
from kith_platform.attributes.guessing import guess
from kith_platform.errors import Invalid
from kith_platform.i18n import N_
from kith_platform.imports.dialect import Dialect
from kith_platform.imports.formats import MISSING, Format, decide, present
from kith_platform.imports.parsing import parse
from kith_platform.imports.words import words
from kith_platform.sdk.facts import Kind

Floats = NDArray[np.float64]
NUMBER, CATEGORY, DAY, YESNO, TEXT = "number", "category", "day", "yesno", "text"
_KINDS = {
    kinds.NUMBER: NUMBER,
    kinds.CHOICE: CATEGORY,
    kinds.DATE: DAY,
    kinds.BOOLEAN: YESNO,
    kinds.TEXT: TEXT,
    "integer": NUMBER,
    "rate": NUMBER,
}
KIND_WORDS: Mapping[str, str] = {
    NUMBER: N_("Number"),
    CATEGORY: N_("One of a list"),
    DAY: N_("Date"),
    YESNO: N_("Yes or no"),
    TEXT: N_("Text"),
}
ATTRIBUTE = "attribute: "  # before the names of attributes, among features
RECURRING = 200  # different texts that may still be categories, where each recurs five times on average
RECURS = 5
ID_LINES, ID_SPREAD = 50, 3.0
EXAMPLES = 3
SAMPLE = 20_000

_AS_OF = re.compile(
    r"(?:^|_)(?:as_?of|snapshot|cut_?off|observed|observation|reference)(?:_|$)|截至|快照|基准日|基準日|观察日|觀察日"
)
_CUSTOMER = re.compile(
    r"^(?:customer|client|member|user|household)(?:_?(?:id|no|nr|number|key|code))?$"
    r"|^(?:客户|客戶|会员|會員|顾客|顧客|用户|用戶)(?:id|编号|編號|号|號)?$"
)
# Days that lie ahead by their nature: it says nothing against them.
_PLANNED = re.compile(
    r"(?:^|_)(?:due|renewal|renew|expiry|expires?|expiration|promised|planned|scheduled|maturity|contract_end|end_of_contract)(?:_|$)"
    r"|到期|续约|續約|承诺|承諾|计划|計劃|预定|預定"
)


@dataclass(frozen=True)
class Column:
    """A column: its `kind`, how it writes values, and of the table's lines how many say nothing (`missing`), say something that
    is no value of the kind (`unreadable`, counted as missing), and how many different values there are."""

    name: str
    kind: str
    format: Format = field(default_factory=Format)
    sensitive: bool = False
    identifier: bool = False
    distinct: int = 0
    missing: int = 0
    unreadable: int = 0
    examples: tuple[str, ...] = ()

    @property
    def planned(self) -> bool:
        """Whether its days lie ahead by their nature, as the end of a contract does."""
        return bool(_PLANNED.search(words(self.name)))

    def to_json(self) -> dict[str, Any]:
        plain = {name: value for name, value in vars(self).items() if name not in ("format", "examples")}
        return {**plain, "format": self.format.to_json(), "examples": list(self.examples)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Column:
        return cls(**{**data, "format": Format.from_json(data["format"]), "examples": tuple(data["examples"])})


def kind_of(attribute: str) -> str:
    """What an attribute of that kind (`attributes.kinds`) is as a column."""
    return _KINDS.get(attribute, TEXT)


def names(dialect: Dialect) -> tuple[str, ...]:
    """The columns' names: the header's, by position where there is none, each made unlike the others."""
    found: list[str] = []
    for at in range(dialect.columns):
        name = (dialect.header[at] if at < len(dialect.header) else "").strip() or f"column_{at + 1}"
        number = 1
        while (unlike := name if number == 1 else f"{name} ({number})") in found:
            number += 1
        found.append(unlike)
    return tuple(found)


def guessed(name: str, texts: pl.Series, *, language: str, zone: str) -> Column:
    """What a column is, by its name and up to 20,000 of its values, evenly taken."""
    sample = texts.gather_every(texts.len() // SAMPLE + 1)
    said = guess(name, sample, "", (), language=language, zone=zone)
    found = Column(name, _KINDS[said.kind], said.columns[0].format, said.sensitive)
    return counted(found, texts, zone=zone)


def counted(column: Column, texts: pl.Series, *, zone: str) -> Column:
    """The column with what its lines hold counted anew."""
    values = present(texts)
    unreadable = 0
    if column.kind in (NUMBER, DAY, YESNO):
        unreadable = int(np.isnan(numbers(column, texts, zone=zone)).sum()) - (texts.len() - values.len())
    return replace(
        column,
        identifier=_identifies(column, texts, zone),
        distinct=values.n_unique(),
        missing=texts.len() - values.len(),
        unreadable=unreadable,
        examples=tuple(text[:40] for text in values.unique(maintain_order=True).head(EXAMPLES).to_list()),
    )


def as_of(columns: Sequence[Column]) -> str:
    """The column that says by its name that it holds the day a line speaks of; "" where none does."""
    return next((one.name for one in columns if one.kind == DAY and _AS_OF.search(words(one.name))), "")


def customer(columns: Sequence[Column]) -> str:
    """The column that says by its name that it holds the customer's id; "" where none does."""
    return next((one.name for one in columns if _CUSTOMER.search(words(one.name))), "")


def numbers(column: Column, texts: pl.Series, *, zone: str = "UTC") -> Floats:
    """Numbers as they are, days as days since 1970-01-01, yes 1 and no 0, (n,), NaN for missing."""
    kind = {NUMBER: Kind.NUMBER, DAY: Kind.DATE, YESNO: Kind.BOOLEAN}[column.kind]
    values = parse(texts, kind, column.format, zone=zone).values
    if column.kind == DAY:
        values = values.cast(pl.Date).to_physical()
    return values.cast(pl.Float64).fill_null(np.nan).to_numpy().astype(np.float64)


def categories(texts: pl.Series) -> tuple[Floats, tuple[str, ...]]:
    """Codes (n,), NaN for missing, and the values they stand for, sorted; spelling in capitals makes no difference."""
    folded = texts.str.strip_chars().str.to_lowercase()
    folded = folded.set(folded.is_in(MISSING), None)
    levels = tuple(sorted(folded.drop_nulls().unique().to_list()))
    codes = folded.replace_strict(dict(zip(levels, range(len(levels)), strict=True)), default=None, return_dtype=pl.Float64)
    return codes.fill_null(np.nan).to_numpy().astype(np.float64), levels


def why_not(column: Column, lines: int) -> str:
    """Why no model learns from a column whatever is asked: a code of WHY, "" where it may."""
    if column.missing + column.unreadable >= lines:
        return "empty"
    if column.distinct < 2 and not column.missing:
        return "constant"
    if column.sensitive:
        return "sensitive"
    if column.identifier:
        return "identifier"
    if column.kind == TEXT and (column.distinct > RECURRING or column.distinct * RECURS > lines - column.missing):
        return "free_text"
    return ""


WHY: Mapping[str, str] = {
    "empty": N_("It is empty."),
    "constant": N_("It says the same of every line."),
    "sensitive": N_("Sensitive: left out until somebody puts it back on purpose."),
    "identifier": N_("A number that only names the line."),
    "free_text": N_("Free text or names: nearly every line says something else."),
    "customer": N_("It says whose line it is."),
    "as_of": N_("It says which day the line speaks of."),
}


def _identifies(column: Column, texts: pl.Series, zone: str) -> bool:
    """Whole numbers, each once, close together or rising from line to line: they count lines."""
    if column.kind != NUMBER:
        return False
    values = numbers(column, texts, zone=zone)
    if values.size < ID_LINES or np.isnan(values).any() or np.unique(values).size < values.size:
        return False
    if (values != np.floor(values)).any():
        return False
    return bool((np.diff(values) > 0).all() or np.ptp(values) < ID_SPREAD * values.size)


def as_days(column: Column, texts: pl.Series, *, zone: str) -> Column:
    """The column read as days because somebody said that it holds the day of each line. Raises FileProblem where it does not."""
    if column.kind == DAY:
        return column
    form = decide(texts, Kind.DATE, name=column.name, zone=zone).format
    found = counted(replace(column, kind=DAY, format=form), texts, zone=zone)
    if found.unreadable * 2 > texts.len() - found.missing:
        raise NoDays(column=column.name, example=next(iter(found.examples), ""))
    return found


class NoDays(Invalid):
    code = "no_days"
    default = N_("%(column)s does not hold dates: “%(example)s”. Choose another as-of column, or none.")
