"""How a model holds up, for pages and programs: what moved since its training, what came of its scores, why the rule serves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext
from sqlalchemy.orm import Session

from kith_platform.errors import fill
from kith_platform.i18n import N_
from kith_platform.predict import watch
from kith_platform.predict.fits.stability import ALERT, WATCH, Grade, Move
from kith_platform.predict.matured import JUDGED
from kith_platform.predict.models import ModelVersion, ModelWatch
from kith_platform.sdk.types import Feature
from kith_platform.web import context, locale
from kith_platform.web.charts import Chart, Series

MOST_NAMED = 5
GRADES: Mapping[str, str] = {
    Grade.OK: N_("The data is as it was at the training."),
    Grade.WATCH: N_("The data has moved a little since the training. Kith goes on watching."),
    Grade.ALERT: N_("The data has moved much since the training. Train this model again."),
}
MOVES: Mapping[str, str] = {
    Move.HIGHER: N_("%(what)s: higher now than at the training."),
    Move.LOWER: N_("%(what)s: lower now than at the training."),
    Move.MISSING: N_("%(what)s: known of fewer now than at the training."),
    Move.KNOWN: N_("%(what)s: known of more now than at the training."),
    Move.OTHERWISE: N_("%(what)s: spread otherwise now than at the training."),
}
FELL = N_(
    "The rule serves since %(day)s because the model ranked too many wrongly in %(first)s and %(last)s "
    "(AUC %(one)s and %(two)s, at the training %(then)s)."
)


@dataclass(frozen=True)
class Month:
    """Scores of the day `as_of`, of which it is known on `known_on` what came; `numbers` as `matured` gave them."""

    as_of: dt.date
    known_on: dt.date
    numbers: Mapping[str, Any]

    @staticmethod
    def of(row: ModelWatch) -> Month:
        as_of, end = (dt.date.fromisoformat(row.numbers[name]) for name in ("as_of", "end"))
        return Month(as_of, end, row.numbers)


@dataclass(frozen=True)
class Watched:
    """A version after its training. `grade` is of the last `week` looked at (empty: none yet) with its sentence, `moved` says
    what moved most; `months` are judged or wait; `fell` says since when and why the rule serves, where it took over.
    """

    week: dt.date | None
    grade: str
    sentence: str
    moved: tuple[str, ...]
    months: tuple[Month, ...]
    fell: str
    auc: float | None
    charts: tuple[Chart, ...]


def of_version(session: Session, row: ModelVersion, known: Mapping[str, Feature]) -> Watched:
    """What was noted of a version, in the reader's language; features not among `known` are left out."""
    weeks = watch.rows(session, row.task, row.version, watch.STABILITY)
    months = watch.rows(session, row.task, row.version, watch.MATURED)
    fell = watch.fallbacks(session).get(row.task)
    last = weeks[-1] if weeks else None
    grade = str(last.numbers["grade"]) if last else ""
    return Watched(
        week=last.day if last else None,
        grade=grade,
        sentence=gettext(GRADES[grade]) if grade else "",
        moved=tuple(_moved(last.numbers, known)) if last else (),
        months=tuple(map(Month.of, reversed(months))),
        fell=why(fell) if fell else "",
        auc=row.metrics.get("auc"),
        charts=tuple(_charts(weeks, months, row.metrics.get("auc"))),
    )


def notes(session: Session, rows: Iterable[ModelVersion | None]) -> dict[str, str]:
    """By task what a person should know of the versions that are told of: the rule took over, or the data has moved much."""
    found = {}
    for row in rows:
        week = watch.latest_week(session, row) if row is not None else None
        if week is not None and week.numbers["grade"] == Grade.ALERT:
            found[week.task] = gettext(GRADES[Grade.ALERT])
    return found | {task: why(fell) for task, fell in watch.fallbacks(session).items()}


def why(fell: ModelWatch) -> str:
    """Since when the rule serves in the place of a model, and why."""
    (first, last), (one, two) = fell.numbers["months"], fell.numbers["auc"]
    values: dict[str, object] = {
        "day": locale.day(fell.noted_at.astimezone(ZoneInfo(context.timezone())).date()),
        "first": _month(dt.date.fromisoformat(first)),
        "last": _month(dt.date.fromisoformat(last)),
        "one": locale.number(one, 2),
        "two": locale.number(two, 2),
        "then": locale.number(fell.numbers["auc_at_training"], 2),
    }
    return fill(gettext(FELL), values)


def as_json(session: Session, row: ModelVersion, known: Mapping[str, Feature]) -> dict[str, Any]:
    """The same for programs: numbers as they were kept, and `words`."""
    found = of_version(session, row, known)
    last, fell = watch.latest_week(session, row), watch.fallbacks(session).get(row.task)
    return {
        "week": found.week,
        "grade": found.grade,
        "score": last.numbers["score"] if last else None,
        "features": last.numbers["features"] if last else [],
        "months": [dict(one.numbers) for one in found.months],
        "rule_serves_since": fell.noted_at if fell else None,
        "words": [one for one in (found.fell, found.sentence, *found.moved) if one],
    }


def _moved(numbers: Mapping[str, Any], known: Mapping[str, Feature]) -> list[str]:
    found = [(known[one["feature"]].label, one) for one in numbers["features"] if one["feature"] in known]
    if numbers["score"] is not None:
        found.insert(0, (N_("The scores themselves"), numbers["score"]))
    told = [(label, MOVES[one["move"]]) for label, one in found if one["grade"] != Grade.OK]
    return [fill(gettext(words), {"what": gettext(label)}) for label, words in told[:MOST_NAMED]]


def _charts(weeks: Sequence[ModelWatch], months: Sequence[ModelWatch], then: float | None) -> list[Chart]:
    found = []
    if len(weeks) > 1:
        most = [max((one["psi"] for one in week.numbers["features"]), default=None) for week in weeks]
        said = [week.numbers["score"]["psi"] if week.numbers["score"] else None for week in weeks]
        lines = [Series(name=gettext("scores"), values=said, colour="accent")]
        if any(value is not None for value in most):
            lines.insert(0, Series(name=gettext("what moved most"), values=most, colour="muted"))
        found.append(
            Chart(
                key="stability",
                title=gettext("How far the data has moved since the training"),
                kind="line",
                categories=[locale.day(week.day) for week in weeks],
                series=lines,
                x_label=gettext("week"),
                y_label=gettext("stability index (PSI)"),
                note=gettext(
                    "Below %(low)s as at the training, above %(high)s train again.",
                    low=locale.number(WATCH, 2),
                    high=locale.number(ALERT, 2),
                ),
            )
        )
    told = [one for one in months if one.numbers["state"] == JUDGED and one.numbers.get("auc") is not None]
    if len(told) > 1 and then is not None:
        found.append(
            Chart(
                key="matured",
                title=gettext("How well it ranked those of whom one knows by now"),
                kind="line",
                categories=[_month(one.day) for one in told],
                series=(
                    Series(name=gettext("what came"), values=[one.numbers["auc"] for one in told], colour="accent"),
                    Series(name=gettext("at the training"), values=[then] * len(told), colour="muted", dashed=True),
                ),
                x_label=gettext("month of the scores"),
                y_label=gettext("Ranking right (AUC)"),
                note=gettext("0.5 is chance, 1 is perfect. Two months far below the training hand over to the rule."),
            )
        )
    return found


def _month(day: dt.date) -> str:
    return str(locale.day(day, "month"))
