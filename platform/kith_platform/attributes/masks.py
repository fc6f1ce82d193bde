"""Fields of answers to programs that leave out what the caller may not see of sensitive attributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import g
from marshmallow import fields

from kith_platform.attributes.service import FEATURE, SEE
from kith_platform.attributes.shown import hidden
from kith_platform.auth.edge import current_actor, current_db
from kith_platform.predict.listing import OWN


def _hidden() -> frozenset[str]:
    """Read once for an answer."""
    if "hidden_attributes" not in g:
        g.hidden_attributes = hidden(current_db(), current_actor())
    found: frozenset[str] = g.hidden_attributes
    return found


class AttributesField(fields.Dict):
    """A customer's own attributes: key → value."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        clear = {key: said for key, said in (value or {}).items() if key not in _hidden()}
        return super()._serialize(clear, attr, obj, **options)  # type: ignore[no-untyped-call]


def seen(task: str, reasons: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of a score's reasons that the caller may see."""
    if task.startswith(OWN) and not current_actor().can(SEE):
        return []
    secret = {FEATURE + key for key in _hidden()}
    return [one for one in reasons if one["feature"].partition(".")[0] not in secret]


class ReasonsField(fields.List[Any]):
    """A score's reasons: feature, value and effect. Those of a company's own question name columns of its own tables, and labels
    of attributes: they are for who may see what is sensitive.
    """

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        return super()._serialize(seen(obj.task, value or ()), attr, obj, **options)
