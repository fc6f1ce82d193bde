"""Codes of service as people read them."""

from __future__ import annotations

from flask_babel import gettext

from kith_platform.i18n import N_
from kith_platform.tickets.clock import CLOSED, NEW, OPEN, SOLVED, WAITING

STATE_WORDS = {
    NEW: N_("Just opened"),
    OPEN: N_("Open"),
    WAITING: N_("Waiting for the customer"),
    SOLVED: N_("Solved"),
    CLOSED: N_("Closed"),
}
STATE_TONES = {NEW: "accent", OPEN: "accent", WAITING: "", SOLVED: "good", CLOSED: ""}
SEVERITY_WORDS = {"urgent": N_("Urgent"), "high": N_("High"), "normal": N_("Normal"), "medium": N_("Medium"), "low": N_("Low")}
SHOW_WORDS = {
    "open": N_("Open"),
    "waiting": N_("Waiting"),
    "overdue": N_("Overdue"),
    "mine": N_("Mine"),
    "solved": N_("Solved"),
    "all": N_("All"),
}
DUE_WORDS = {"reply": N_("First reply due"), "solution": N_("Solution due")}
SCORE_WORDS = {
    1: N_("1, very discontent"),
    2: N_("2, discontent"),
    3: N_("3, neither"),
    4: N_("4, content"),
    5: N_("5, very content"),
}


def state(code: str) -> str:
    return str(gettext(STATE_WORDS[code]))


def tone(code: str) -> str:
    """The tone of a state's badge."""
    return STATE_TONES[code]


def severity(code: str | None) -> str:
    """A severity of ours in the reader's language; another as its source writes it."""
    known = (code or "").casefold()
    return str(gettext(SEVERITY_WORDS[known])) if known in SEVERITY_WORDS else code or ""


def due(what: str) -> str:
    return str(gettext(DUE_WORDS[what])) if what else ""


def severities() -> dict[str, str]:
    return {code: str(gettext(words)) for code, words in SEVERITY_WORDS.items()}


def shows() -> dict[str, str]:
    return {code: str(gettext(words)) for code, words in SHOW_WORDS.items()}


def scores() -> dict[int, str]:
    return {code: str(gettext(words)) for code, words in SCORE_WORDS.items()}
