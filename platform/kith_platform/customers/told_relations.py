"""How selling to a customer, promises, goals and opinions read on the timeline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext

from kith_platform.customers.phrases import Item, day, line, money, word
from kith_platform.customers.timeline import Happening
from kith_platform.sdk.facts import Fact
from kith_platform.web import context, locale

Values = Mapping[str, Any]


def _titled(values: Values, fact: Fact, *names: str) -> str:
    """The fact's name, and what the first of these columns that holds something says."""
    about = next((str(values[name]) for name in names if values.get(name)), "")
    what = str(gettext(fact.label))
    return str(gettext("%(what)s: %(about)s", what=what, about=about)) if about else what


def _lead(one: Happening, fact: Fact) -> Item:
    values, status = one.values, one.values.get("status")
    tone = "good" if status == "converted" else "bad" if status == "disqualified" else ""
    text = line(word(status), word(values.get("channel")), money(values, "estimate"), values.get("rep"))
    return {"title": _titled(values, fact, "name", "company", "email"), "text": text, "icon": "user-plus", "tone": tone}


def _opportunity(one: Happening, fact: Fact) -> Item:
    values, status = one.values, one.values.get("status")
    state = word(status if status in ("won", "lost") else values.get("stage") or status)
    amount = money(values, "won_amount") if status == "won" else ""
    text = line(state, amount or money(values, "amount"), word(values.get("loss_reason")), values.get("rep"))
    tone = "good" if status == "won" else "bad" if status == "lost" else ""
    return {"title": _titled(values, fact, "name"), "text": text, "icon": "target-arrow", "tone": tone}


def _stage(one: Happening, _fact: Fact) -> Item:
    return {"title": gettext("Opportunity moved to: %(stage)s", stage=word(one.values.get("stage"))), "icon": "arrow-right"}


def _commitment(one: Happening, fact: Fact) -> Item:
    values = one.values
    return {
        "title": _titled(values, fact, "what"),
        "icon": "flag",
        **_due(values, line(word(values.get("kind")), values.get("rep"))),
    }


def _step(one: Happening, fact: Fact) -> Item:
    return {"title": _titled(one.values, fact, "step"), "icon": "list-check", **_due(one.values, one.values.get("rep"), one.at)}


def _due(values: Values, further: Any, due: dt.datetime | None = None) -> Item:
    """What became of something that was due at `due` (else `due_at`): kept, kept too late, given up, or still open."""
    due = due or (dt.datetime.fromisoformat(values["due_at"]) if values.get("due_at") else None)
    done = dt.datetime.fromisoformat(values["done_at"]) if values.get("done_at") else None
    if done:
        late = due is not None and done > _end(due)
        kept = (
            gettext("done on %(day)s, late", day=locale.day(done)) if late else gettext("done on %(day)s", day=locale.day(done))
        )
        return {"text": line(kept, further), "tone": "bad" if late else "good"}
    if values.get("cancelled"):
        return {"text": line(word("cancelled"), further)}
    if due is None:
        return {"text": line(further)}
    overdue = dt.datetime.now(dt.UTC) > _end(due)
    said = gettext("due on %(day)s, not done", day=locale.day(due)) if overdue else gettext("due on %(day)s", day=locale.day(due))
    return {"text": line(said, further), "tone": "bad" if overdue else ""}


def _end(due: dt.datetime) -> dt.datetime:
    """When something due is late: at midnight of the company's zone a whole day was meant."""
    local = due.astimezone(ZoneInfo(context.timezone()))
    return due + dt.timedelta(days=1) if local.time() == dt.time.min else due


def _outcome(one: Happening, fact: Fact) -> Item:
    values = one.values
    path = [locale.number(values[name]) for name in ("baseline", "target") if values.get(name) is not None]
    aim = " ".join(filter(None, [" → ".join(path), values.get("measure")]))
    reached = values.get("actual")
    confirmed = gettext("confirmed on %(day)s", day=day(values["confirmed_at"])) if values.get("confirmed_at") else ""
    said = gettext("reached: %(value)s", value=locale.number(reached)) if reached is not None else ""
    worth = gettext("worth %(amount)s to the customer", amount=money(values, "value")) if values.get("value") is not None else ""
    return {
        "title": _titled(values, fact, "goal"),
        "text": line(aim, said, worth, confirmed),
        "icon": "target-arrow",
        "tone": "good" if confirmed else "",
    }


def _entitlement(one: Happening, fact: Fact) -> Item:
    values = one.values
    seats = gettext("seats: %(number)s", number=locale.number(values["seats"])) if values.get("seats") else ""
    until = gettext("until %(day)s", day=day(values["ends_on"])) if values.get("ends_on") else ""
    return {"title": _titled(values, fact, "module"), "text": line(seats, until), "icon": "key"}


def _plan(one: Happening, _fact: Fact) -> Item:
    title = gettext("To be contacted every %(days)s days", days=locale.number(one.values.get("every_days") or 0))
    return {"title": title, "text": line(one.values.get("rep")), "icon": "calendar"}


def _handoff(one: Happening, fact: Fact) -> Item:
    values = one.values
    units = [str(values[name]) for name in ("from_unit", "to_unit") if values.get(name)]
    accepted = values.get("accepted_at")
    state = gettext("accepted on %(day)s", day=day(accepted)) if accepted else gettext("not accepted yet")
    what = gettext(fact.label)
    title = gettext("%(what)s: %(about)s", what=what, about=" → ".join(units)) if units else what
    return {"title": title, "text": line(state, values.get("rep")), "icon": "switch-horizontal"}


def _leaving(one: Happening, fact: Fact) -> Item:
    values = one.values
    text = line(word(values.get("kind")), values.get("competitor"))
    about = word(values.get("reason"))
    return {"title": _titled({"reason": about}, fact, "reason"), "text": text, "icon": "door-exit", "tone": "bad"}


def _advocacy(one: Happening, fact: Fact) -> Item:
    given = one.values.get("given_at")
    state = gettext("given on %(day)s", day=day(given)) if given else gettext("asked for")
    title = _titled({"kind": word(one.values.get("kind"))}, fact, "kind")
    return {"title": title, "text": state, "icon": "thumb-up", "tone": "good" if given else ""}


def _referral(one: Happening, fact: Fact) -> Item:
    values = one.values
    bought = gettext("bought") if values.get("converted_at") else ""
    void = gettext("does not count: recommended themselves") if values.get("void") else ""
    text = line(bought, void, word(values.get("channel")))
    return {"title": _titled(values, fact, "invited"), "text": text, "icon": "users-plus", "tone": "bad" if void else ""}


def _wallet(one: Happening, _fact: Fact) -> Item:
    values = one.values
    title = gettext("Spends %(amount)s a year on what we sell, with us and others", amount=money(values, "amount"))
    return {"title": title, "text": line(values.get("category"), word(values.get("basis"))), "icon": "wallet"}


def _post(one: Happening, fact: Fact) -> Item:
    values, feeling = one.values, one.values.get("sentiment")
    rating = values.get("rating")
    title = gettext("Rated %(score)s (%(kind)s)", score=locale.number(rating), kind=values.get("site") or gettext(fact.label))
    tone = "good" if feeling == "positive" else "bad" if feeling == "negative" else ""
    icon = "mood-sad" if tone == "bad" else "star"
    return {
        "title": title if rating is not None else _titled(values, fact, "site"),
        "text": line(values.get("text")),
        "icon": icon,
        "tone": tone,
    }


def _insight(one: Happening, fact: Fact) -> Item:
    values = one.values
    acted, dismissed = values.get("acted_at"), values.get("dismissed_at")
    state = gettext("acted on: %(day)s", day=day(acted)) if acted else gettext("dismissed") if dismissed else gettext("open")
    text = line(state, values.get("result") or values.get("reason"), values.get("rep"))
    return {"title": _titled(values, fact, "title", "kind"), "text": text, "icon": "bulb"}


def _signal(one: Happening, fact: Fact) -> Item:
    title = _titled({"kind": word(one.values.get("kind"))}, fact, "kind")
    return {"title": title, "text": line(one.values.get("competitor"), one.values.get("note")), "icon": "bolt"}


TELLERS: Mapping[str, Callable[[Happening, Fact], Item]] = {
    "lead": _lead,
    "opportunity": _opportunity,
    "opportunity_stage": _stage,
    "commitment": _commitment,
    "onboarding_step": _step,
    "outcome": _outcome,
    "entitlement": _entitlement,
    "contact_plan": _plan,
    "handoff": _handoff,
    "leaving": _leaving,
    "advocacy": _advocacy,
    "referral": _referral,
    "wallet": _wallet,
    "rated_post": _post,
    "insight": _insight,
    "market_signal": _signal,
}
