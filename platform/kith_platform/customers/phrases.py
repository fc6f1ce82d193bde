"""Words for the codes, amounts and days that facts hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext

from kith_platform.i18n import N_
from kith_platform.web import locale

Item = dict[str, Any]  # what macros/timeline.html shows

# Codes that facts declare as choices, as people say them.
WORDS: Mapping[str, str] = {
    "ordered": N_("ordered"),
    "placed": N_("placed"),
    "paid": N_("paid"),
    "shipped": N_("shipped"),
    "delivered": N_("delivered"),
    "completed": N_("completed"),
    "cancelled": N_("cancelled"),
    "returned": N_("returned"),
    "open": N_("open"),
    "written_off": N_("written off"),
    "call": N_("Call"),
    "mail": N_("E-mail"),
    "email": N_("E-mail"),
    "meeting": N_("Meeting"),
    "visit": N_("Visit"),
    "chat": N_("Chat"),
    "note": N_("Note"),
    "task": N_("Task"),
    "phone": N_("Phone"),
    "sms": N_("Text message"),
    "app": N_("App"),
    "web": N_("Website"),
    "online": N_("online"),
    "store": N_("in the store"),
    "started": N_("Subscription started"),
    "renewed": N_("Subscription renewed"),
    "upgraded": N_("Moved to a higher plan"),
    "downgraded": N_("Moved to a lower plan"),
    "paused": N_("Subscription paused"),
    "resumed": N_("Subscription resumed"),
    "cancel_requested": N_("Asked to cancel"),
    "payment_failed": N_("Payment failed"),
    "ended": N_("Subscription ended"),
    "nps": N_("recommendation"),
    "csat": N_("satisfaction"),
    "ces": N_("effort"),
    "enps": N_("recommendation by staff"),
    "loyalty": N_("loyalty"),
    # of leads, opportunities and tickets
    "new": N_("new"),
    "contacted": N_("contacted"),
    "qualified": N_("qualified"),
    "converted": N_("converted"),
    "disqualified": N_("disqualified"),
    "won": N_("won"),
    "lost": N_("lost"),
    "waiting": N_("waiting"),
    "solved": N_("solved"),
    "closed": N_("closed"),
    # of what is promised, asked for, known and felt
    "delivery": N_("delivery"),
    "fix": N_("repair"),
    "call_back": N_("call back"),
    "other": N_("other"),
    "reference": N_("reference"),
    "case_study": N_("case study"),
    "review": N_("review"),
    "voluntary": N_("by choice"),
    "involuntary": N_("not by choice"),
    "procurement": N_("procurement data"),
    "survey": N_("survey"),
    "estimate": N_("estimate"),
    "competitor_offer": N_("a competitor's offer"),
    "demand_break": N_("a break in demand"),
    "price_change": N_("a change of prices"),
    "positive": N_("positive"),
    "neutral": N_("neutral"),
    "negative": N_("negative"),
    "automatic": N_("recorded by itself"),
    "manual": N_("recorded by hand"),
    "missed": N_("not recorded"),
}
WRONG = frozenset({"cancelled", "returned", "cancel_requested", "payment_failed", "downgraded", "ended", "written_off"})


def word(code: Any) -> str:
    """A code of the data in the reader's words, else as the data have it, without underscores."""
    text = str(code or "")
    return gettext(WORDS[text]) if text in WORDS else text.replace("_", " ")


def money(values: Mapping[str, Any], name: str = "net") -> str:
    amount = values.get(name)
    return "" if amount is None else str(locale.money(amount, values.get("currency")))


def day(text: Any) -> str:
    """A day or instant out of JSON, as people read it."""
    if not text:
        return ""
    raw = str(text)
    return str(locale.day(dt.datetime.fromisoformat(raw) if "T" in raw else dt.date.fromisoformat(raw)))


def line(*parts: Any) -> str:
    return " · ".join(str(part) for part in parts if part)
