"""Codes of selling as people read them."""

from __future__ import annotations

from flask_babel import gettext

from kith_platform.customers.phrases import word
from kith_platform.i18n import N_
from kith_platform.opportunities.contacts import KINDS
from kith_platform.opportunities.funnel import Step
from kith_platform.opportunities.stages import NAMES, REASONS, Stage

STATUS_WORDS = {"open": N_("In progress"), "won": N_("Won"), "lost": N_("Lost"), "all": N_("All")}


def stage_name(stage: Stage | str | None) -> str:
    """A stage: the company's own words as they are, the usual ones in the reader's language."""
    name = stage.name if isinstance(stage, Stage) else NAMES.get(stage or "", stage or "")
    return str(gettext(name)) if name in NAMES.values() else name


def reason(code: str | None) -> str:
    """A reason of a loss; what people wrote in their own words as it is."""
    known = code or ""
    return str(gettext(REASONS[known])) if known in REASONS else known


def status(code: str | None) -> str:
    return str(gettext(STATUS_WORDS[code or "open"]))


def contact_kinds() -> dict[str, str]:
    return {kind: word(kind) for kind in KINDS}


def step_name(step: Step) -> str:
    """A stage of the funnel."""
    return str(gettext(step.name)) if step.name in NAMES.values() else step.name
