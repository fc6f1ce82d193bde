"""The page on which a company settles its stages and its reasons of a loss."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from kith_platform.auth.edge import current_actor, current_db
from kith_platform.auth.gate import requires
from kith_platform.errors import Invalid
from kith_platform.opportunities import stages, words
from kith_platform.web.forms import Form

pages = Blueprint("sales_settings", __name__, url_prefix="/c/<slug>/opportunities/stages")
SPARE = 3  # empty lines of the form


@pages.get("/")
@requires("sales:manage")
def show(slug: str) -> str:
    """Stages in order with their chance of winning, and reasons."""
    known = stages.stages(current_db())
    lines = [(one.key, words.stage_name(one), f"{one.probability * 100:g}") for one in known]
    reasons = [words.reason(one) for one in stages.reasons(current_db())]
    return _show(slug, lines, "\n".join(reasons), Form())


@pages.post("/")
@requires("sales:manage")
def save(slug: str) -> Any:
    """Save the stages in the order of their places; a line without a name goes."""
    lines = list(zip(*(request.form.getlist(name) for name in ("key", "name", "percent", "place")), strict=False))
    lines = sorted((one for one in lines if one[1].strip()), key=lambda one: _number(one[3]) or 99)
    wanted = [{"key": key, "name": _msgid(key, name), "probability": _share(percent)} for key, name, percent, _place in lines]
    typed = request.form.get("reasons", "")
    try:
        stages.set_stages(current_db(), current_actor(), wanted)
        stages.set_reasons(current_db(), current_actor(), _codes(typed.splitlines()))
    except Invalid as error:
        kept = [(key, name, percent) for key, name, percent, _place in lines]
        return _show(slug, kept, typed, Form(request.form, error.fields)), 422
    flash(gettext("Saved."), "good")
    return redirect(url_for("sales_settings.show", slug=slug))


def _show(slug: str, lines: list[tuple[str, str, str]], reasons: str, form: Form) -> str:
    empty = [("", "", "")] * min(SPARE, stages.MOST_STAGES - len(lines))
    return render_template("opportunities/stages.html", slug=slug, lines=[*lines, *empty], reasons=reasons, form=form)


def _msgid(key: str, name: str) -> str:
    """A usual stage whose name was left as it is stays one of every reader's language."""
    known = stages.NAMES.get(key)
    return known if known and gettext(known) == name.strip() else name


def _codes(lines: list[str]) -> list[str]:
    """Usual reasons by their code, however they read in this language."""
    usual = {gettext(text): code for code, text in stages.REASONS.items()}
    return [usual.get(line.strip(), line) for line in lines]


def _number(typed: str) -> float | None:
    try:
        return float(typed)
    except ValueError:
        return None


def _share(typed: str) -> float | None:
    number = _number(typed)
    return None if number is None else number / 100
