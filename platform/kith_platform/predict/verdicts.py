"""What a verdict says in words: plain, with its numbers and what to do. English msgids, translated where people read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kith_platform.errors import fill
from kith_platform.facts.catalogue import CORE_FACTS
from kith_platform.i18n import N_, mark_plural
from kith_platform.predict.leaving_words import REASONS
from kith_platform.predict.models import RETIRED, ModelVersion

# Of a version that served before and does no more, where its verdict would say that it serves.
FORMER: dict[str, str] = {
    "better_than_baseline": N_("Better than the simple rule on what it had not seen. It served before, and does no more."),
    "no_holdout": N_("Fitted, with too few days to judge it then. It served before, and does no more."),
}
SENTENCES: dict[str, str] = {
    "better_than_baseline": N_("Better than the simple rule on what it had not seen. Kith uses the model."),
    "no_better_than_baseline": N_("This model is not better than the simple rule. Kith uses the rule."),
    "no_holdout": N_("Fitted, but there are too few days to judge it yet. Kith uses the model and judges it as days come in."),
    "empty": N_("Not trained: there is no purchase yet. Import orders first."),
    "nothing_of_it": N_("Not trained: Kith knows nothing of this yet. Import first: %(facts)s."),
    "history_too_short": mark_plural(
        "Not trained: purchases cover %(has)s day and three separate windows need %(needs)s. Kith uses the rule until then.",
        "Not trained: purchases cover %(has)s days and three separate windows need %(needs)s. Kith uses the rule until then.",
        "has",
    ),
    "too_few_customers": mark_plural(
        "Not trained: %(found)s customer could be judged and %(needed)s are needed. Kith uses the rule until then.",
        "Not trained: %(found)s customers could be judged and %(needed)s are needed. Kith uses the rule until then.",
        "found",
    ),
    "cases_too_short": mark_plural(
        "Not trained: the history covers %(has)s day and three separate periods need %(needs)s. Kith uses the rule until then.",
        "Not trained: the history covers %(has)s days and three separate periods need %(needs)s. Kith uses the rule until then.",
        "has",
    ),
    "too_few_cases": mark_plural(
        "Not trained: %(found)s could be judged (%(facts)s) and %(needed)s are needed. Kith uses the rule until then.",
        "Not trained: %(found)s could be judged (%(facts)s) and %(needed)s are needed. Kith uses the rule until then.",
        "found",
    ),
    "too_few_repeat_buyers": mark_plural(
        "Not trained: %(found)s customer bought on more than one day and %(needed)s are needed. Until then Kith draws each "
        "customer's last twelve months towards the mean of all.",
        "Not trained: %(found)s customers bought on more than one day and %(needed)s are needed. Until then Kith draws each "
        "customer's last twelve months towards the mean of all.",
        "found",
    ),
    "too_few_values": mark_plural(
        "Not trained: %(found)s repeat buyer has amounts above zero and %(needed)s are needed. Until then Kith draws each "
        "customer's last twelve months towards the mean of all.",
        "Not trained: %(found)s repeat buyers have amounts above zero and %(needed)s are needed. Until then Kith draws each "
        "customer's last twelve months towards the mean of all.",
        "found",
    ),
    "subscribers_by_plan": N_(
        "Not trained: too few subscriptions ended to learn from. Kith expects subscribers to stay as long as others with their "
        "plan did."
    ),
    "no_variation": N_("Not trained: all repeat buyers spend the same per purchase. Kith uses averages."),
    "one_class": N_("Not trained: in the judged days it came true for nobody, or for all. Kith uses the rule."),
    "module_failed": N_("Not trained: the module %(module)s failed. Its admin page says why; the other models are not touched."),
    "not_converged": N_("Not trained: no setting of the model explains these purchases. Kith uses the rule."),
    "no_families": N_(
        "Not trained: no order line names a product with a family. Import products with families and order lines first."
    ),
    "too_few_orders": mark_plural(
        "Not trained: there is %(found)s order of known families and %(needed)s are needed. Kith offers what most hold.",
        "Not trained: there are %(found)s orders of known families and %(needed)s are needed. Kith offers what most hold.",
        "found",
    ),
    "no_campaign": N_("Not trained: no campaign was sent yet of which 14 days are over. Import campaign contacts first."),
    "too_few_campaigns": mark_plural(
        "Not trained: campaigns were sent in %(found)s week, and training, validation and test each need weeks of their own.",
        "Not trained: campaigns were sent in %(found)s weeks, and training, validation and test each need weeks of their own.",
        "found",
    ),
    "no_control_group": N_(
        "Not trained: no campaign held back a control group. Draw a tenth or more by lot, write to all others, and note both in "
        "the column 'Test group'."
    ),
    "trial_too_small": N_(
        "Not trained: %(treated)s were written to and %(treated_conversions)s of them bought, %(control)s were held back and "
        "%(control_conversions)s of them bought; %(needed)s people and %(needed_conversions)s buyers are needed on either side."
    ),
    "not_randomised": N_(
        "Not trained: the control group was not drawn by lot. It differs from the others by %(difference)s standard deviations "
        "in '%(feature)s', so a difference in sales proves nothing."
    ),
    "better_than_response": N_(
        "Orders customers by what a campaign adds better than their chance to answer does, on campaigns it had not seen. Kith "
        "uses the model."
    ),
    "no_better_than_response": N_(
        "This model is not better than the order by the chance to answer. Choose by that; all have the mean effect."
    ),
    "no_uplift": N_(
        "No customer can be told from another by what a campaign adds. All have the measured mean effect; with zero inside its "
        "interval campaigns may add nothing."
    ),
    "no_reasons": N_(
        "Not trained: no leaving has a reason yet. Note reasons when customers leave, or import leavings with them."
    ),
    "too_few_reasons": N_(
        "Not trained: at least two reasons need %(needed)s leavers each. Leavers with a noted reason to learn from: %(noted)s; "
        "the second most frequent reason has %(found)s, so %(missing)s more are needed."
    ),
    "better_than_shares": N_(
        "Tells reasons of leaving apart better than the shares of past reasons do, on leavers it had not seen. Kith uses the "
        "model."
    ),
    "no_better_than_shares": N_(
        "This model is not better than the shares of past reasons. All have those shares, and nobody a reason of their own."
    ),
    "invalid": N_("Not trained: the purchases contradict themselves. Check the dates in Data › Imports. Kith uses the rule."),
}
# What model and rule are compared by (`measure` of a verdict's parameters), which direction is better; times and digits.
INTERVALS: Mapping[str, str] = {
    "average_precision": N_(
        "Average precision: %(difference)s points against the simple rule "
        "(95 %% interval %(low)s to %(high)s; above zero the model is better)."
    ),
    "days_error": N_(
        "Mean error of the day: %(difference)s days against the customer's own rhythm "
        "(95 %% interval %(low)s to %(high)s; below zero the model is nearer)."
    ),
    "money_error": N_(
        "Mean error a customer: %(difference)s %(currency)s against the simple rule "
        "(95 %% interval %(low)s to %(high)s; below zero the model is nearer)."
    ),
    "log_loss": N_(
        "Log-loss: %(difference)s against the shares of past reasons "
        "(95 %% interval %(low)s to %(high)s; below zero the model is better)."
    ),
    "ndcg": N_(
        "NDCG of the first five: %(difference)s points against the better of popularity and lift rules "
        "(95 %% interval %(low)s to %(high)s; above zero the model is better)."
    ),
    "qini": N_(
        "Qini: %(difference)s buyers per hundred written to, against the order by the chance to answer "
        "(95 %% interval %(low)s to %(high)s; above zero the model is better)."
    ),
}

# What serves (`serves` of a verdict's parameters), where one way was chosen over another on days neither had seen.
SERVES: Mapping[str, str] = {
    "bgnbd": N_("Purchases are valued by each customer's rhythm: trees that learn from all features were no better."),
    "tweedie": N_("Purchases are valued by trees that learn from all features: they came nearer than the rhythm of purchases."),
    "hazard": N_("Subscribers are valued by their own chance to stay each month: it came nearer than how long others stayed."),
    "kaplan_meier": N_("Subscribers are valued by how long others with their plan stayed: a model of each was no better."),
}

SHARES = {"average_precision", "qini", "ndcg"}  # measures that are told in points of a hundred

FACTS = {fact.plural: fact.label_plural for fact in CORE_FACTS}
WARNINGS: Mapping[str, str] = {
    "margin_is_net": N_("Order lines carry no cost, so values are net sales, not margin. Import costs to see margin."),
    "at_bound": N_("Customers differ so little in one respect that a part of the model stands at its limit."),
    "too_good": N_(
        "The model tells nearly all apart (AUC %(auc)s). That is rare: "
        "look whether a column is filled only after it has happened."
    ),
    "leaks_left_out": N_(
        "Left out of training, because alone they tell nearly all of what came: %(columns)s. With them the model would seem to "
        "have an AUC of %(with_auc)s, without them it is %(auc)s. See whether they are filled only after it has happened."
    ),
    "leaks_named": N_(
        "Left out of training, because alone they tell nearly all of what came: %(columns)s. "
        "Without them nothing could be trained."
    ),
    "bias": N_("On unseen days the model expected %(bias)s times what came. Read sums with that in mind."),
    "uplift_off": N_("On the last campaigns the measured effect was another than the model expected (%(mean)s)."),
    "reasons_merged": N_("Fewer than %(needed)s leavers to learn from name these reasons, so they count as one: %(reasons)s."),
    "unlike_groups": N_(
        "%(label)s: “%(group)s” is in the first tenth %(ratio)s times as often as “%(best)s”. "
        "Let somebody responsible look at why, before anybody acts on these scores."
    ),
    "features_left_out": N_("Features of the module %(module)s could not be computed and were left out: %(set)s."),
    "value_depends_on_frequency": N_("Frequent buyers spend differently per purchase, so values are fitted by frequency."),
}


def sentence(
    verdict: str,
    params: Mapping[str, Any],
    *,
    currency: str = "",
    translate: Callable[[str], str] = str,
    known: Mapping[str, str] = SENTENCES,
) -> str:
    """The verdict in the language of `translate`; where model and rule were compared, by what measure and with what interval.

    `currency` is the unit of a model of money, `known` has the words.
    """
    numbers = {key: _plain(value) for key, value in params.items()}
    if "facts" in params:
        numbers["facts"] = translate(FACTS.get(params["facts"], params["facts"]))
    words = fill(translate(known[verdict]), numbers) if verdict in known else verdict
    if "feature" in params:
        numbers["feature"] = translate(params["feature"])
    chosen = [translate(SERVES[one]) for one in params.get("serves", ()) if one in SERVES]
    if params.get("low") is None or params.get("high") is None:
        return _joined(words, *chosen)
    measure = str(params.get("measure") or ("money_error" if "money_mae" in params else "average_precision"))
    shares = measure in SHARES
    ends = {key: _signed(params[key], 100 if shares else 1, 1 if shares else 2) for key in ("difference", "low", "high")}
    further = fill(translate(INTERVALS[measure]), {**ends, "currency": currency})
    return _joined(words, further, *chosen)


def _joined(*sentences: str) -> str:
    """Sentences one after the other, with a space where the language has one."""
    return "".join(one if one.endswith("。") else f"{one} " for one in sentences).rstrip()


def of_version(row: ModelVersion, currency: str, translate: Callable[[str], str] = str) -> str:
    """What a version is worth, in words."""
    known = SENTENCES | FORMER if row.state == RETIRED else SENTENCES
    return sentence(row.verdict, row.verdict_params, currency=currency, translate=translate, known=known)


def warning(found: Mapping[str, Any], translate: Callable[[str], str] = str, labels: Mapping[str, str] | None = None) -> str:
    """A warning in words. `labels` name features in the language of `translate`; those without one stand as they are called."""
    message = WARNINGS.get(str(found["code"]), str(found["code"]))
    numbers = {key: _plain(value) for key, value in found.items()}
    if "reasons" in found:
        numbers["reasons"] = " · ".join(translate(REASONS[code]) for code in found["reasons"])
    if found.get("plain"):
        numbers |= {name: translate(found[name]) for name in ("group", "best")}
    if "features" in found:
        numbers["columns"] = translate(N_(", ")).join((labels or {}).get(name, name) for name in found["features"])
    return fill(translate(message), numbers)


def _plain(value: Any) -> Any:
    """A number as people read it: whole above 100, three figures below 1."""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
    return value


def _signed(value: float, times: float, digits: int) -> str:
    """With its sign, a real minus: +13.7, −0.4."""
    return f"{value * times:+,.{digits}f}".replace("-", "−")
