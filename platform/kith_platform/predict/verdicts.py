"""What a verdict says in words: plain, with its numbers and what to do. English msgids, translated where people read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kith_platform.errors import fill
from kith_platform.i18n import N_

SENTENCES: Mapping[str, str] = {
    "better_than_baseline": N_("Better than the simple rule on customers it had not seen. Kith uses the model."),
    "no_better_than_baseline": N_("This model is not better than the simple rule. Kith uses the rule."),
    "no_holdout": N_("Fitted, but there are too few days to judge it yet. Kith uses the model and judges it as days come in."),
    "empty": N_("Not trained: there is no purchase yet. Import orders first."),
    "history_too_short": N_(
        "Not trained: purchases cover %(has)s days and three separate windows need %(needs)s. Kith uses the rule until then."
    ),
    "too_few_customers": N_(
        "Not trained: %(found)s customers could be judged and %(needed)s are needed. Kith uses the rule until then."
    ),
    "too_few_repeat_buyers": N_(
        "Not trained: %(found)s customers bought on more than one day and %(needed)s are needed. Kith uses averages until then."
    ),
    "too_few_values": N_(
        "Not trained: %(found)s repeat buyers have amounts above zero and %(needed)s are needed. Kith uses averages until then."
    ),
    "no_variation": N_("Not trained: all repeat buyers spend the same per purchase. Kith uses averages."),
    "one_class": N_("Not trained: in the judged windows either nobody left or everybody did. Kith uses the rule."),
    "not_converged": N_("Not trained: no setting of the model explains these purchases. Kith uses the rule."),
    "invalid": N_("Not trained: the purchases contradict themselves. Check the dates in Data › Imports. Kith uses the rule."),
}
INTERVAL = N_("Difference %(difference)s, 95 %% interval %(low)s to %(high)s.")

WARNINGS: Mapping[str, str] = {
    "margin_is_net": N_("Order lines carry no cost, so values are net sales, not margin. Import costs to see margin."),
    "at_bound": N_("Customers differ so little in one respect that a part of the model stands at its limit."),
    "bias": N_("On unseen days the model expected %(bias)s times what came. Read sums with that in mind."),
    "features_left_out": N_("Features of the module %(module)s could not be computed and were left out: %(set)s."),
    "value_depends_on_frequency": N_("Frequent buyers spend differently per purchase, so values are fitted by frequency."),
}


def sentence(verdict: str, params: Mapping[str, Any], translate: Callable[[str], str] = str) -> str:
    """The verdict in the language of `translate`, with the interval where there is one."""
    numbers = {key: _plain(value) for key, value in params.items()}
    words = fill(translate(SENTENCES[verdict]), numbers) if verdict in SENTENCES else verdict
    if params.get("low") is not None and params.get("high") is not None:
        words = f"{words} {fill(translate(INTERVAL), numbers)}"
    return words


def warning(found: Mapping[str, Any], translate: Callable[[str], str] = str) -> str:
    """A warning in words."""
    message = WARNINGS.get(str(found["code"]), str(found["code"]))
    return fill(translate(message), {key: _plain(value) for key, value in found.items()})


def _plain(value: Any) -> Any:
    """A number as people read it: whole above 100, three figures below 1."""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
    return value
