"""What one can do about a customer today, most urgent first. Plain rules over what is known; each names its ground."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kith_platform.customers.figures import Figures
from kith_platform.customers.listing import RISKS, WORTH
from kith_platform.i18n import N_
from kith_platform.predict.models import Score

MOST = 3
LEAVES = RISKS["medium"][0]  # from where Home names a customer, too
WORTHY = WORTH["high"][1]


@dataclass(frozen=True)
class Advice:
    """One thing to do: an English msgid with parameters, and an icon."""

    text: str
    icon: str
    params: Mapping[str, Any] = field(default_factory=dict)


def advise(figures: Figures, scores: Mapping[str, Score], reachable: Sequence[str], *, held_back: bool = False) -> list[Advice]:
    """At most MOST pieces of advice. `reachable` names the channels on which the customer agreed to be contacted; who is
    `held_back` is served, and not marketed to.
    """
    churn, clv = scores.get("churn"), scores.get("clv")
    found = []
    if figures.complaints:
        text = N_("Solve the open complaint first and say so in person: nothing else works before.")
        found.append(Advice(text, "mood-sad"))
    if held_back:
        text = N_("No campaign to this customer: one in twenty is held back, so that what campaigns add can be told.")
        return [*found, Advice(text, "shield")][:MOST]
    if churn is not None and churn.value >= LEAVES:
        worthy = clv is not None and clv.band <= WORTHY
        personal = N_("Call in person this week: valuable, and at risk of leaving.")
        cheap = N_("Send a reason to come back; a personal call would cost more than it brings.")
        found.append(Advice(personal if worthy else cheap, "phone-call" if worthy else "mail"))
    elif figures.orders == 1:
        found.append(Advice(N_("Invite to the second purchase: it decides who stays."), "gift"))
    elif clv is not None and clv.band <= WORTHY:
        found.append(Advice(N_("One of your most valuable customers: say thank you, and do not discount."), "heart"))
    if found and not reachable:
        found.append(Advice(N_("There is no agreement to be contacted: ask for it at the next purchase."), "shield"))
    return found[:MOST]
