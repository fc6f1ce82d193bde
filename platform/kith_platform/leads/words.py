"""Codes of leads as people read them."""

from __future__ import annotations

from flask_babel import gettext

from kith_platform.customers.phrases import word
from kith_platform.i18n import N_
from kith_platform.leads import service
from kith_platform.leads.known import WHY
from kith_platform.opportunities.words import contact_kinds, stage_name

__all__ = ["contact_kinds", "stage_name", "status", "tone", "why", "word"]

STATUS_WORDS = {
    "open": N_("In progress"),
    "new": N_("New"),
    "contacted": N_("Contacted"),
    "qualified": N_("Qualified"),
    "converted": N_("Converted"),
    "disqualified": N_("Disqualified"),
    "all": N_("All"),
}
TONES = {"new": "accent", "contacted": "", "qualified": "warn", "converted": "good", "disqualified": ""}


def status(code: str | None) -> str:
    return str(gettext(STATUS_WORDS[code or service.NEW]))


def tone(code: str | None) -> str:
    return TONES[code or service.NEW]


def why(code: str) -> str:
    return str(gettext(WHY[code]))
