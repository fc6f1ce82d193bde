"""A model version as people judge it: the charts that its report holds, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import gettext

from kith_platform.predict.leaving_words import REASONS
from kith_platform.predict.models import ModelVersion
from kith_platform.web import locale
from kith_platform.web.charts import Chart, Series

_Table = list[Mapping[str, float]]


def of_version(row: ModelVersion, currency: str) -> tuple[Chart, ...]:
    """The charts that the version's report holds."""
    found: list[Chart] = []
    if table := row.report.get("calibration"):
        found.append(_calibration(table))
    if table := row.report.get("deciles"):
        found.append(_lift(table))
    if curves := row.report.get("gains"):
        found.append(_gains(curves))
    if table := row.report.get("by_stage"):
        found.append(_by_stage(table))
    if table := row.report.get("by_reason"):
        found.append(_by_reason(table))
    if holdout := row.report.get("holdout"):
        found += _holdout(holdout, currency)
    if curve := row.report.get("qini"):
        found += _uplift(curve, row.report["response_qini"], row.report["groups"])
    return tuple(found)


def _calibration(table: list[Mapping[str, float]]) -> Chart:
    return Chart(
        key="calibration",
        title=gettext("What was said against what came"),
        kind="scatter",
        series=(
            Series(
                name=gettext("A tenth of those judged"),
                x=[part["mean_probability"] for part in table],
                values=[part["rate"] for part in table],
            ),
        ),
        unit="percent",
        x_unit="percent",
        x_label=gettext("chance that was said"),
        y_label=gettext("share of whom it came true"),
        diagonal=True,
        note=gettext("On what it had not seen. Where both numbers are equal, what is said is what comes."),
    )


def _lift(table: list[Mapping[str, float]]) -> Chart:
    mean = sum(part["mean_outcome"] for part in table) / len(table)
    return Chart(
        key="lift",
        title=gettext("How often it came true, from the highest chance to the lowest"),
        kind="bar",
        categories=[locale_number(part["group"]) for part in table],
        series=(Series(name=gettext("share of whom it came true"), values=[part["mean_outcome"] for part in table]),),
        unit="percent",
        x_label=gettext("tenth of those judged, 1 = highest chance"),
        note=gettext("Without a model every bar would be %(mean)s.", mean=locale.percent(mean)),
    )


def _gains(curves: Mapping[str, _Table]) -> Chart:
    """Cumulated share of all yes against the share contacted, by the model, by the rule and by lot."""
    total = curves["model"][-1]

    def reached(table: _Table) -> list[float]:
        return [0.0, *(point["came"] / (total["came"] or 1.0) for point in table)]

    shares = [0.0, *(point["n"] / total["n"] for point in curves["model"])]
    by_rule = (Series(name=gettext("by the rule"), values=reached(curves["rule"]), colour="muted"),) if "rule" in curves else ()
    tenth = locale.percent(reached(curves["model"])[round((len(shares) - 1) / 10)], 0)
    return Chart(
        key="gains",
        title=gettext("How many of all yes are reached, from the highest chance down"),
        kind="line",
        categories=[locale.percent(share, 0) for share in shares],
        series=(
            Series(name=gettext("by the model"), values=reached(curves["model"]), colour="accent"),
            *by_rule,
            Series(name=gettext("by lot"), values=shares, dashed=True),
        ),
        unit="percent",
        x_label=gettext("share that is contacted"),
        note=gettext("On what it had not seen. The best tenth holds %(share)s of all yes.", share=tenth),
    )


def _by_stage(table: list[Mapping[str, float]]) -> Chart:
    return Chart(
        key="by_stage",
        title=gettext("What was said against what came, by stage"),
        kind="bar",
        categories=[locale_number(part["group"]) for part in table],
        series=(
            Series(name=gettext("chance that was said"), values=[part["mean_probability"] for part in table], colour="accent"),
            Series(name=gettext("came"), values=[part["rate"] for part in table], colour="muted"),
        ),
        unit="percent",
        x_label=gettext("place of the stage"),
        note=gettext("On what it had not seen. Where both bars are equal, the pipeline is weighed rightly."),
    )


def _by_reason(table: list[Mapping[str, Any]]) -> Chart:
    return Chart(
        key="by_reason",
        title=gettext("What was said against what came, by reason"),
        kind="bar",
        categories=[gettext(REASONS[part["reason"]]) for part in table],
        series=(
            Series(name=gettext("chance that was said"), values=[part["said"] for part in table], colour="accent"),
            Series(name=gettext("came"), values=[part["came"] for part in table], colour="muted"),
        ),
        unit="percent",
        note=gettext("Mean chances and shares of leavers it had not seen. Where both bars are equal, the chances add up."),
    )


def _holdout(holdout: Mapping[str, Any], currency: str) -> Iterator[Chart]:
    table = holdout["deciles"]
    if table:
        yield Chart(
            key="holdout",
            title=gettext("Expected against actual money a customer"),
            kind="bar",
            categories=[locale_number(part["group"]) for part in table],
            series=(
                Series(name=gettext("expected"), values=[part["mean_score"] for part in table], colour="accent"),
                Series(name=gettext("came"), values=[part["mean_outcome"] for part in table], colour="muted"),
            ),
            unit="money",
            currency=currency,
            x_label=gettext("tenth of the customers, 1 = highest value expected"),
            note=gettext(
                "Left bar expected, right bar came, on %(days)s days the model had not seen.", days=locale.number(holdout["days"])
            ),
        )


def _uplift(curve: _Table, response: _Table, groups: _Table) -> Iterator[Chart]:
    yield Chart(
        key="qini",
        title=gettext("What campaigns gain, from the customers moved most down"),
        kind="line",
        categories=[locale.percent(point["share"], 0) for point in curve],
        series=(
            Series(name=gettext("by what a campaign adds"), values=[point["gained"] for point in curve], colour="accent"),
            Series(name=gettext("by the chance to answer"), values=[point["gained"] for point in response], colour="muted"),
            Series(name=gettext("by lot"), values=[curve[-1]["gained"] * point["share"] for point in curve], dashed=True),
        ),
        x_label=gettext("share of the customers written to"),
        y_label=gettext("buyers gained per hundred"),
        note=gettext("On campaigns it had not seen: buyers beyond those whom the control group lets expect."),
    )
    yield Chart(
        key="uplift_groups",
        title=gettext("What was expected to be added against what was measured"),
        kind="bar",
        categories=[locale_number(group["group"]) for group in groups],
        series=(
            Series(name=gettext("expected"), values=[group["predicted"] for group in groups], colour="accent"),
            Series(name=gettext("measured"), values=[group["measured"] for group in groups], colour="muted"),
        ),
        unit="percent",
        x_label=gettext("fifth of the customers, 1 = moved most"),
        note=gettext("Below zero a campaign costs buyers: leave these customers alone."),
    )


def locale_number(value: float) -> str:
    """A whole number as a category."""
    return str(locale.number(value, 0))
