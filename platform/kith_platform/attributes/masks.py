"""Fields of answers to programs that leave out what the caller may not see of sensitive attributes."""

from __future__ import annotations

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
        seen = {key: said for key, said in (value or {}).items() if key not in _hidden()}
        return super()._serialize(seen, attr, obj, **options)  # type: ignore[no-untyped-call]


class ReasonsField(fields.List[Any]):
    """A score's reasons: feature, value and effect. Those of a company's own question name columns of its own tables, and labels
    of attributes: they are for who may see what is sensitive.
    """

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        if obj.task.startswith(OWN) and not current_actor().can(SEE):
            return super()._serialize([], attr, obj, **options)
        secret = {FEATURE + key for key in _hidden()}
        seen = [one for one in value or () if one["feature"].partition(".")[0] not in secret]
        return super()._serialize(seen, attr, obj, **options)
