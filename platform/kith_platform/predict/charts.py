"""A model version as people judge it: charts, key figures and parameters, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import gettext

from kith_platform.i18n import N_
from kith_platform.predict.models import ModelVersion
from kith_platform.web import locale
from kith_platform.web.charts import Chart, Series

BASELINES = {
    "last_year": N_("the last twelve months again"),
    "mean": N_("the mean of all"),
    "last_year_times_retention": N_("the last twelve months times the share who came back"),
}


_RANKED = {
    "model_ndcg": N_("NDCG of the first five families"),
    "popularity_ndcg": N_("NDCG of popularity in the segment"),
    "lift_ndcg": N_("NDCG of lift rules"),
    "model_recall": N_("Families bought that stood among the first five"),
    "model_coverage": N_("Families offered to somebody"),
}
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
    by_rule = (
        (Series(name=gettext("by the simple rule"), values=reached(curves["rule"]), colour="muted"),) if "rule" in curves else ()
    )
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


def facts(row: ModelVersion) -> tuple[tuple[str, Any], ...]:
    """Key figures on customers or days it had not seen, as (label, value). Missing ones are left out."""
    metrics = row.metrics
    comparison = row.report.get("comparison") or {}
    found: list[tuple[str, Any]] = []

    def say(label: str, value: Any, write: Any) -> None:
        if value is not None:
            found.append((label, write(value)))

    whole = locale_number
    share = locale.percent

    def days(value: float) -> str:
        return str(gettext("%(value)s days", value=locale.number(value, 1)))

    say(gettext("Judged"), metrics.get("customers"), whole)
    say(gettext("it came true for"), metrics.get("rate"), share)
    say(gettext("Ranking right (AUC)"), metrics.get("auc"), lambda value: locale.number(value, 3))
    say(gettext("Average precision"), metrics.get("pr_auc"), share)
    say(gettext("Average precision of the simple rule"), metrics.get("rule_pr_auc"), share)
    if comparison and metrics.get("pr_auc") is not None:
        ends = locale.interval((comparison["low"], comparison["high"]), "percent")
        words = f"{locale.percent(comparison['difference'])} ({ends})"
        found.append((gettext("Gain in average precision, with its interval"), words))
    say(gettext("Times more of them in the first tenth"), metrics.get("lift_at_10"), lambda value: locale.number(value, 1))
    say(gettext("Mean gap between said and came"), metrics.get("ece"), share)
    say(gettext("Order of time right (C)"), metrics.get("concordance"), lambda value: locale.number(value, 3))
    say(gettext("Order of time by the own rhythm"), metrics.get("rule_concordance"), lambda value: locale.number(value, 3))
    say(gettext("Came within the 80 % span that was said"), metrics.get("coverage_80"), share)
    say(gettext("Mean error of the day"), metrics.get("days_mae"), days)
    say(gettext("Mean error of the own rhythm"), metrics.get("rule_days_mae"), days)
    say(gettext("Qini, in buyers per hundred written to"), _hundred(metrics.get("qini")), lambda value: locale.number(value, 1))
    say(
        gettext("Qini of the order by the chance to answer"),
        _hundred(metrics.get("response_qini")),
        lambda value: locale.number(value, 1),
    )
    if "effect_low" in metrics:
        ends = locale.interval((metrics["effect_low"], metrics["effect_high"]), "percent")
        found.append((gettext("Mean effect measured, with its interval"), f"{locale.percent(metrics['effect'])} ({ends})"))
    say(gettext("Mean effect expected"), metrics.get("predicted_effect"), share)
    say(gettext("Effect among the tenth moved most"), metrics.get("uplift_at_10"), share)
    say(gettext("Effect among the three tenths moved most"), metrics.get("uplift_at_30"), share)
    for name, label in _RANKED.items():
        say(gettext(label), metrics.get(name), share)
    say(gettext("Largest gap between the two by score (KS)"), metrics.get("ks"), share)
    say(gettext("Loss expected"), metrics.get("expected_loss"), lambda value: locale.money(value, whole=True))
    say(gettext("Loss of those that came true"), metrics.get("actual_loss"), lambda value: locale.money(value, whole=True))
    say(gettext("Share of an unpaid bill that is lost (usual value)"), metrics.get("lgd"), share)
    say(gettext("Purchases expected"), metrics.get("expected_purchases"), whole)
    say(gettext("Purchases that came"), metrics.get("actual_purchases"), whole)
    say(gettext("Money expected"), metrics.get("expected_money"), lambda value: locale.money(value, whole=True))
    say(gettext("Money that came"), metrics.get("actual_money"), lambda value: locale.money(value, whole=True))
    say(gettext("Expected for each that came"), metrics.get("bias"), lambda value: locale.number(value, 2))
    say(gettext("Mean error a customer"), metrics.get("money_mae"), locale.money)
    say(gettext("Mean error of the simple rule"), metrics.get("baseline_money_mae"), locale.money)
    if rival := BASELINES.get(metrics.get("baseline", "")):
        found.append((gettext("The simple rule"), gettext(rival)))
    return tuple(found)


def _hundred(value: float | None) -> float | None:
    return None if value is None else 100.0 * value


def parameters(row: ModelVersion) -> tuple[tuple[str, str], ...]:
    """What was fitted, flattened to (name, value), for those who want to check."""
    return tuple((name, _plain(value)) for name, value in _flat(row.parameters))


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
        for number, inner in enumerate(value, 1):
            yield from _flat(inner, f"{name}.{number}")
    elif value not in (None, [], ""):
        yield name, value


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_plain(one) for one in value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)
