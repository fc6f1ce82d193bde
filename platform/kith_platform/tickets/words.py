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
OTHERS = {"medium": N_("Medium")}  # what other systems say; it counts as normal
SEVERITY_WORDS = {"urgent": N_("Urgent"), "high": N_("High"), "normal": N_("Normal"), "low": N_("Low")}
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
    """A severity in the reader's language; one that we do not know as its source writes it."""
    known = (SEVERITY_WORDS | OTHERS).get((code or "").casefold())
    return str(gettext(known)) if known else code or ""


def due(what: str) -> str:
    return str(gettext(DUE_WORDS[what])) if what else ""


def severities() -> dict[str, str]:
    return {code: str(gettext(words)) for code, words in SEVERITY_WORDS.items()}


def shows() -> dict[str, str]:
    return {code: str(gettext(words)) for code, words in SHOW_WORDS.items()}


def scores() -> dict[int, str]:
    return {code: str(gettext(words)) for code, words in SCORE_WORDS.items()}
