"""Attributes and their values as people read them, in the language of the page."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask_babel import gettext

from kith_platform.attributes.kinds import BOOLEAN, CHOICE, DATE, KINDS, NUMBER, TIMINGS
from kith_platform.imports.problems import reason
from kith_platform.web import locale

_REASONS = {NUMBER: "not_number", BOOLEAN: "not_boolean", DATE: "not_date", CHOICE: "not_choice"}


def written(kind: str, value: Any) -> str:
    """A value in its kind's form; "" where there is none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(gettext("yes") if value else gettext("no"))
    if isinstance(value, int | float):
        return str(locale.number(value))
    if kind == DATE:
        try:
            return str(locale.day(dt.date.fromisoformat(value)))
        except ValueError:
            return str(value)
    return str(value)


def kind_word(kind: str) -> str:
    return str(gettext(KINDS[kind])) if kind in KINDS else kind


def timing_word(timing: str) -> str:
    return str(gettext(TIMINGS[timing])) if timing in TIMINGS else timing


def misfit(kind: str, choices: list[str], text: str) -> str:
    """Why a text is no value of the kind."""
    params: dict[str, object] = {"value": text[:80], "choices": ", ".join(choices)}
    return reason(_REASONS.get(kind, "not_choice"), params, translate=gettext)
