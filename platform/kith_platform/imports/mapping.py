"""Which column of a file goes where. Kept as JSON, used again for the next file of the same source and header."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field
from typing import Any

from kith_platform.imports.dialect import Dialect
from kith_platform.imports.formats import Format
from kith_platform.imports.problems import FileProblem

VERSION = 1
Source = str | int  # a header's name, or a 1-based position where the file has no usable name
DIALECT_KEYS = {"encoding", "delimiter", "quote", "has_header", "skip_blanks", "preamble"}


@dataclass(frozen=True)
class Field:
    """One column of the file and its target "fact.field". Fields beside a fact's declared columns: `external_id` (the
    row's own id in the source), `customer` (the customer's external id), `currency`, `known_at`."""

    source: Source
    target: str
    format: Format = field(default_factory=Format)

    @property
    def fact(self) -> str:
        return self.target.partition(".")[0]

    @property
    def name(self) -> str:
        return self.target.partition(".")[2]


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """How a file becomes rows of `table` (a plural) and of the facts its targets name.

    `constants`: target → value for every row. `computed`: target → "quantity*unit_price-discount",
    "quantity*unit_price" or "sum(lines)". `negative_quantity`: "return" makes lines with a quantity below zero rows of
    return_line with positive quantity and amount; "" keeps them. `unmapped` columns are kept raw and offered as attributes.
    """

    table: str
    fields: tuple[Field, ...]
    constants: tuple[tuple[str, str], ...] = ()
    computed: tuple[tuple[str, str], ...] = ()
    negative_quantity: str = ""
    unmapped: tuple[Source, ...] = ()
    dialect: tuple[tuple[str, Any], ...] = ()
    version: int = VERSION

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts that this mapping fills, in the order of their first field."""
        return tuple(dict.fromkeys(target.partition(".")[0] for target in self.targets))

    @property
    def targets(self) -> tuple[str, ...]:
        """Where something goes to: from columns and as constants."""
        return (*(item.target for item in self.fields), *(target for target, _ in self.constants))

    def field(self, target: str) -> Field | None:
        return next((item for item in self.fields if item.target == target), None)

    def to_json(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "table": self.table,
            "fields": [
                {"source": item.source, "target": item.target, **({"format": form} if (form := item.format.to_json()) else {})}
                for item in self.fields
            ],
            "constants": dict(self.constants),
            "computed": dict(self.computed),
            "negative_quantity": self.negative_quantity,
            "unmapped": list(self.unmapped),
            "dialect": dict(self.dialect),
        }

    @classmethod
    def from_json(cls, data: Any) -> Mapping:
        """Raises FileProblem("mapping") for anything that `to_json` would not have written."""
        try:
            return cls._from_json(data)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FileProblem("mapping", detail=f"{type(error).__name__}: {error}") from None

    @classmethod
    def _from_json(cls, data: Dictionary[str, Any]) -> Mapping:
        if data.get("version", VERSION) != VERSION:
            raise ValueError(f"version {data['version']}")
        fields = tuple(
            Field(_source(item["source"]), str(item["target"]), Format.from_json(item.get("format", {})))
            for item in data["fields"]
        )
        targets = [*(item.target for item in fields), *map(str, data.get("constants", {}))]
        wrong = [target for target in targets if target.count(".") != 1 or targets.count(target) > 1]
        wrong += [str(key) for key in data.get("dialect", {}) if key not in DIALECT_KEYS]
        if wrong or data.get("negative_quantity", "") not in {"", "return"}:
            raise ValueError(", ".join(wrong) or str(data["negative_quantity"]))
        return cls(
            table=str(data["table"]),
            fields=fields,
            constants=tuple((str(key), str(value)) for key, value in data.get("constants", {}).items()),
            computed=tuple((str(key), str(value)) for key, value in data.get("computed", {}).items()),
            negative_quantity=data.get("negative_quantity", ""),
            unmapped=tuple(_source(item) for item in data.get("unmapped", ())),
            dialect=tuple(data.get("dialect", {}).items()),
        )


def _source(value: Any) -> Source:
    if isinstance(value, bool) or not isinstance(value, (str, int)) or value in ("", 0):
        raise ValueError(f"source {value!r}")
    return value


def sources(dialect: Dialect) -> tuple[Source, ...]:
    """How the file's columns are called in a mapping: by name where the header gives one that is unique, else by position."""
    names = dialect.header or ("",) * dialect.columns
    return tuple(name if name and names.count(name) == 1 else at for at, name in enumerate(names, 1))


def position(source: Source, dialect: Dialect) -> int:
    """The 1-based position of a mapping's source in a file. Raises FileProblem("column_missing") naming the header."""
    if isinstance(source, int):
        if 1 <= source <= dialect.columns:
            return source
    elif source in dialect.header:
        return dialect.header.index(source) + 1
    shown = ", ".join(dialect.header) or f"1…{dialect.columns}"
    raise FileProblem("column_missing", column=source, columns=shown)
