"""From what a form or a program gives to the columns of a record of success criteria."""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.auth.models import ACTIVE, Membership
from kith_platform.customers.figures import today
from kith_platform.errors import FieldError, Invalid, NotFound
from kith_platform.facts.models import Initiative
from kith_platform.i18n import N_
from kith_platform.metrics import service as metrics
from kith_platform.metrics.periods import month
from kith_platform.plugins import Plugins
from kith_platform.sdk.scoring import wrong_side
from kith_platform.sdk.types import Metric

LONGEST = 500
UNSCORED = ("list",)  # units whose value is no number that one could agree on


class _Wrong(ValueError):
    def __init__(self, field: str, message: str, **params: object) -> None:
        super().__init__(message)
        self.error = FieldError(field, message, params)


def checked(session: Session, plugins: Plugins, given: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of a draft. Raises Invalid with an error per field: see `service.draft`.

    A baseline by month is the value stored for it now, so later recomputing cannot move it.
    """
    errors: list[FieldError] = []
    values: dict[str, Any] = {"baseline_month": None, "baseline_reason": ""}
    metric: Metric | None = None

    def take(read: Any, *arguments: Any) -> None:
        nonlocal metric
        try:
            found = read(*arguments)
        except _Wrong as wrong:
            errors.append(wrong.error)
            return
        metric = found.pop("metric", metric)
        values.update(found)

    take(_metric, session, plugins, _text(given, "key"))
    take(_baseline, session, metric, given)
    take(_target, given)
    take(_owner, session, _text(given, "owner"))
    take(_due, session, given.get("due_on"))
    take(_initiative, session, _text(given, "initiative"))
    take(_note, given)
    if metric is not None and {"baseline", "target"} <= set(values):
        take(_sides, metric, values)
    if errors:
        raise Invalid(fields=errors)
    return values


def _text(given: Mapping[str, Any], name: str) -> str:
    return str(given.get(name) if given.get(name) is not None else "").strip()


def _metric(session: Session, plugins: Plugins, key: str) -> dict[str, Any]:
    try:
        metric = metrics.offered(session, plugins, key).metric
    except NotFound:
        raise _Wrong("key", N_("Choose a metric of a module that is switched on.")) from None
    if metric.unit in UNSCORED:
        raise _Wrong("key", N_("This metric is a list, not a number: there is no target to agree on."))
    return {"key": key, "metric": metric}


def _baseline(session: Session, metric: Metric | None, given: Mapping[str, Any]) -> dict[str, Any]:
    chosen = _text(given, "baseline_month")
    if not chosen:
        reason = _text(given, "baseline_reason")
        if not reason:
            raise _Wrong("baseline_reason", N_("Say where the baseline comes from, or choose a month whose value it is."))
        return {"baseline": _number(given, "baseline"), "baseline_reason": reason[:LONGEST], "baseline_month": None}
    try:
        period = month(dt.date.fromisoformat(f"{chosen}-01"))
    except ValueError:
        raise _Wrong("baseline_month", N_("Choose one of the months of the list.")) from None
    found = metrics.series(session, [metric.key], period)[metric.key][-1][1] if metric else None
    if found is None or found.value is None:
        raise _Wrong("baseline_month", N_("There is no value for this month. Choose another, or enter the baseline by hand."))
    return {"baseline": found.value, "baseline_month": period.start, "baseline_reason": ""}


def _number(given: Mapping[str, Any], name: str) -> float:
    """A number, or a percentage as pages write it: 30% is 0.3."""
    text = _text(given, name).replace(" ", "")
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        raise _Wrong(name, N_("This is not a number.")) from None
    if not math.isfinite(value):
        raise _Wrong(name, N_("This is not a number."))
    return value


def _target(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"target": _number(given, "target")}


def _owner(session: Session, text: str) -> dict[str, Any]:
    try:
        public_id = uuid.UUID(text)
    except ValueError:
        raise _Wrong("owner", N_("Choose the member who answers for it.")) from None
    statement = select(Membership.id).where(Membership.public_id == public_id, Membership.status == ACTIVE)
    found = session.execute(statement).scalar_one_or_none()
    if found is None:
        raise _Wrong("owner", N_("This person is not a member of the company any more. Choose another owner."))
    return {"owner_id": found}


def _due(session: Session, given: Any) -> dict[str, Any]:
    try:
        day = given if isinstance(given, dt.date) else dt.date.fromisoformat(str(given or "").strip())
    except ValueError:
        raise _Wrong("due_on", N_("Give the day by which it is to be reached.")) from None
    if day < today(session):
        raise _Wrong("due_on", N_("This day is over. Choose one that is still to come."))
    return {"due_on": day}


def _initiative(session: Session, external_id: str) -> dict[str, Any]:
    if external_id:
        known = select(Initiative.id).where(Initiative.external_id == external_id).limit(1)
        if session.execute(known).first() is None:
            message = N_("There is no initiative '%(id)s'. Add it under Returns on customer work first.")
            raise _Wrong("initiative", message, id=external_id[:80])
    return {"initiative": external_id}


def _note(given: Mapping[str, Any]) -> dict[str, Any]:
    note = _text(given, "note")
    if len(note) > LONGEST:
        raise _Wrong("note", N_("This is too long: %(most)s characters at most."), most=LONGEST)
    return {"note": note}


def _sides(metric: Metric, values: Mapping[str, Any]) -> dict[str, Any]:
    baseline, target = values["baseline"], values["target"]
    if baseline == target:
        raise _Wrong("target", N_("The target equals the baseline: nothing would change. Choose another target."))
    if wrong_side(metric.better, baseline, target):
        if metric.better == "up":
            raise _Wrong("target", N_("Higher is better here, and this target lies below the baseline. Choose a higher one."))
        raise _Wrong("target", N_("Lower is better here, and this target lies above the baseline. Choose a lower one."))
    return {}
