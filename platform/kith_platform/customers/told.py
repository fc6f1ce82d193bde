"""How a customer's facts read on the timeline: a title, a line, an icon, and a tone where something is wrong or well."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from flask import url_for
from flask_babel import gettext, ngettext

from kith_platform.customers import told_relations
from kith_platform.customers.phrases import WRONG, Item, day, line, money, word
from kith_platform.customers.timeline import Happening
from kith_platform.sdk.facts import Fact, Kind
from kith_platform.web import locale
from kith_tenants.context import Actor

Labels = Mapping[str, tuple[str, bool]]  # of the company's own attributes by key, and whether the reader may not see values

# Facts with a page of their own, and the right to read it. Whoever sees a customer sees all of these.
PAGES = {
    "lead": ("leads.show", "sales:read"),
    "opportunity": ("opportunities.show", "sales:read"),
    "ticket": ("tickets.show", "tickets:read"),
    "outcome": ("outcomes.show", "success:read"),
}


def page_of(happening: Happening, slug: str, actor: Actor) -> dict[str, str]:
    """The `url` of the page that tells more, where there is one that the actor may read."""
    endpoint, right = PAGES.get(happening.kind, ("", ""))
    if not right or not actor.can(right):
        return {}
    return {"url": url_for(endpoint, slug=slug, public_id=happening.values["public_id"])}


def item(happening: Happening, fact: Fact, labels: Labels) -> Item:
    """What macros/timeline.html shows."""
    changed = happening.kind == "attribute_change"
    told = _attribute(happening, labels) if changed else _TELLERS.get(happening.kind, _other)(happening, fact)
    at: dt.datetime | dt.date = happening.day if happening.day_only else happening.at
    return {"at": at, **told}


def _order(one: Happening, _fact: Fact) -> Item:
    values = one.values
    amount = money(values)
    bought = gettext(", ").join(
        f"{locale.number(line['quantity'])} × {line['product']}" if line["quantity"] not in (None, 1.0) else line["product"]
        for line in one.lines
        if line["product"]
    )
    further = gettext("and %(number)s more", number=one.further) if one.further else ""
    late = ""
    if values.get("promised_on") and values.get("delivered_on"):
        days = (dt.date.fromisoformat(values["delivered_on"]) - dt.date.fromisoformat(values["promised_on"])).days
        late = gettext("delivered %(time)s late", time=locale.duration(dt.timedelta(days=days))) if days > 0 else ""
    status = values.get("status")
    return {
        "title": gettext("Order for %(amount)s", amount=amount) if amount else gettext("Order"),
        "text": line(bought, further, word(values.get("channel")), word(status), late),
        "icon": "shopping-cart",
        "tone": "bad" if status in WRONG else "",
    }


def _return(one: Happening, _fact: Fact) -> Item:
    amount = money(one.values)
    title = gettext("Returned goods worth %(amount)s", amount=amount) if amount else gettext("Returned goods")
    return {"title": title, "text": word(one.values.get("reason")), "icon": "arrow-back-up", "tone": "bad"}


def _ticket(one: Happening, _fact: Fact) -> Item:
    values = one.values
    complaint, solved = values.get("is_complaint"), values.get("resolved_at")
    about = values.get("subject") or values.get("topic") or ""
    if complaint:
        title = gettext("Complaint: %(about)s", about=about) if about else gettext("Complaint")
    else:
        title = gettext("Ticket: %(about)s", about=about) if about else gettext("Ticket")
    state = gettext("solved on %(day)s", day=day(solved)) if solved else gettext("not solved yet")
    tone = "" if solved else "bad" if complaint else ""
    return {
        "title": title,
        "text": line(state, word(values.get("channel")), values.get("rep")),
        "icon": "mood-sad" if complaint else "lifebuoy",
        "tone": tone,
    }


_MARKS = {"nps": (9, 6), "enps": (9, 6), "ces": (5, 3)}  # the first good score and the last bad one; else of five


def _survey(one: Happening, _fact: Fact) -> Item:
    values = one.values
    kind, score = word(values.get("kind")), values.get("score")
    if score is None:
        return {"title": gettext("Did not answer the survey (%(kind)s)", kind=kind), "icon": "message-circle"}
    most, least = _MARKS.get(values.get("kind") or "", (4, 2))
    good, bad = score >= most, score <= least
    return {
        "title": gettext("Rated %(score)s (%(kind)s)", score=locale.number(score), kind=kind),
        "text": line(values.get("comment"), word(values.get("touchpoint"))),
        "icon": "mood-sad" if bad else "mood-happy",
        "tone": "good" if good else "bad" if bad else "",
    }


def _activity(one: Happening, fact: Fact) -> Item:
    values = one.values
    icons = {"call": "phone-call", "mail": "mail", "meeting": "users", "visit": "map-pin", "chat": "message-circle"}
    kind = word(values.get("kind")) or gettext(fact.label)
    title = gettext("%(what)s: %(about)s", what=kind, about=values["subject"]) if values.get("subject") else kind
    return {
        "title": title,
        "text": line(word(values.get("outcome")), values.get("rep")),
        "icon": icons.get(values.get("kind") or "", "notes"),
    }


def _touch(one: Happening, _fact: Fact) -> Item:
    values = one.values
    answers = (
        ("converted_at", gettext("bought")),
        ("clicked_at", gettext("clicked")),
        ("opened_at", gettext("opened")),
        ("delivered_at", gettext("delivered")),
    )
    best = next((words for name, words in answers if values.get(name)), gettext("no answer"))
    left = gettext("unsubscribed") if values.get("unsubscribed_at") else ""
    return {
        "title": gettext("Campaign: %(name)s", name=values.get("campaign") or ""),
        "text": line(word(values.get("channel")), best, left),
        "icon": "speakerphone",
        "tone": "bad" if left else "good" if values.get("converted_at") else "",
    }


def _consent(one: Happening, _fact: Fact) -> Item:
    values, granted = one.values, one.values.get("status") == "granted"
    channel = word(values.get("channel"))
    title = gettext("Agreed to be contacted: %(channel)s", channel=channel)
    if not granted:
        title = gettext("Refused to be contacted: %(channel)s", channel=channel)
    return {"title": title, "text": word(values.get("purpose")), "icon": "shield-check" if granted else "ban"}


def _payment(one: Happening, _fact: Fact) -> Item:
    values, failed = one.values, one.values.get("succeeded") is False
    amount = money(values, "amount")
    title = gettext("Payment of %(amount)s failed", amount=amount) if failed else gettext("Paid %(amount)s", amount=amount)
    return {"title": title, "text": word(values.get("method")), "icon": "credit-card", "tone": "bad" if failed else ""}


def _invoice(one: Happening, _fact: Fact) -> Item:
    values = one.values
    due = gettext("due on %(day)s", day=day(values["due_on"])) if values.get("due_on") else ""
    title = gettext("Invoice over %(amount)s", amount=money(values, "amount"))
    return {"title": title, "text": line(due, word(values.get("status"))), "icon": "receipt"}


def _subscription(one: Happening, _fact: Fact) -> Item:
    values = one.values
    monthly = gettext("%(amount)s a month", amount=money(values, "mrr")) if values.get("mrr") is not None else ""
    text = line(values.get("plan"), monthly, word(values.get("reason")))
    return {
        "title": word(values.get("kind")),
        "text": text,
        "icon": "refresh",
        "tone": "bad" if values.get("kind") in WRONG else "",
    }


def _event(one: Happening, _fact: Fact) -> Item:
    values = one.values
    spent = round(values.get("minutes") or 0)
    minutes = ngettext("%(shown)s minute", "%(shown)s minutes", spent, shown=locale.number(spent)) if spent else ""
    return {
        "title": str(values.get("name") or "").replace("_", " ").capitalize(),
        "text": line(word(values.get("channel")), minutes, values.get("detail")),
        "icon": "activity",
    }


def _attribute(one: Happening, labels: Labels) -> Item:
    """A change of one of the company's own attributes; of one that the reader may not see only that it changed."""
    key, value = str(one.values.get("attribute") or ""), one.values.get("value")
    label, hidden = labels.get(key, (key, False))
    about = gettext("hidden") if hidden else "–" if value in (None, "") else value
    return {"title": gettext("%(what)s: %(about)s", what=label, about=about), "icon": "tag"}


def _other(one: Happening, fact: Fact) -> Item:
    """A fact Kith has no words for, such as a plugin's: its name and what its text and money columns hold."""
    shown = []
    for column in fact.stored:
        value = one.values.get(column.name)
        if value not in (None, "") and column.kind is Kind.MONEY:
            shown.append(money(one.values, column.name))
        elif value not in (None, "") and column.kind is Kind.TEXT:
            shown.append(str(value))
    return {"title": gettext(fact.label), "text": line(*shown[:4]), "icon": "point"}


_TELLERS: Mapping[str, Callable[[Happening, Fact], Item]] = {
    "sales_order": _order,
    "return_line": _return,
    "ticket": _ticket,
    "survey_response": _survey,
    "activity": _activity,
    "touch": _touch,
    "consent": _consent,
    "payment": _payment,
    "invoice": _invoice,
    "subscription_event": _subscription,
    "event": _event,
    **told_relations.TELLERS,
}
