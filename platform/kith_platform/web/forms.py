"""What a form carries from request to page: what was typed, and what was wrong with it.

    form = Form(request.form)               # after a failed post: Form(request.form, error.fields)
    render_template(…, form=form), 422

The macros of `macros/forms.html` read values and errors from it, so nothing typed is ever lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Flask
from flask_babel import gettext

from kith_platform.errors import FieldError


class Form:
    """Values by field name (a mapping, a MultiDict or an object's attributes) and the errors beside them."""

    def __init__(self, values: Any = None, errors: Iterable[FieldError] = ()) -> None:
        self._values = values
        self._errors: dict[str, list[str]] = {}
        for error in errors:
            self._errors.setdefault(error.field, []).append(error.text(gettext))

    def value(self, name: str, default: Any = "") -> Any:
        """What was typed, or what is stored, or `default`. Passwords are the caller's to leave out."""
        kept = self._values
        found = kept.get(name) if isinstance(kept, Mapping) else getattr(kept, name, None)
        return default if found is None else found

    def values(self, name: str) -> list[Any]:
        """All values of a field that may have several."""
        if hasattr(self._values, "getlist"):
            return list(self._values.getlist(name))
        found = self.value(name, [])
        return list(found) if isinstance(found, (list, tuple, set, frozenset)) else [found]

    def errors(self, name: str) -> list[str]:
        return self._errors.get(name, [])

    @property
    def all_errors(self) -> list[tuple[str, str]]:
        """(field, message) in order, for the summary."""
        return [(field, message) for field, messages in self._errors.items() for message in messages]


def install(app: Flask) -> None:
    """Let templates make an empty form: `Form()`."""
    app.jinja_env.globals["Form"] = Form
