"""The models that every company has; modules bring more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kith_platform.i18n import N_
from kith_platform.predict.involuntary import INVOLUNTARY
from kith_platform.predict.leaving_words import REASONS
from kith_platform.predict.tasks import Kinds, Task, cases, classified, module, of_model
from kith_platform.predict.upsell import UPSELL
from kith_platform.predict.winback import WINBACK

if TYPE_CHECKING:
    from kith_platform.predict.cases import Cases
    from kith_platform.predict.classify import Classification
    from kith_platform.predict.matured import Said
    from kith_platform.predict.training import Evidence


def _matured_soon(evidence: Evidence, said: Said) -> dict[str, Any]:
    from kith_platform.predict.matured import of_soon

    return of_soon(evidence, said)


def _matured_clv(evidence: Evidence, said: Said) -> dict[str, Any]:
    from kith_platform.predict.matured import of_purchases

    return of_purchases(evidence, said)


def _churn() -> Classification:
    from kith_platform.predict.churn import CHURN

    return CHURN


def _winback(asked: Classification) -> Classification:
    from kith_platform.predict import priority

    return replace(asked, beside=priority.expected, ranked="expected_value")


def _leads() -> Cases:
    from kith_platform.predict.leads import LEAD

    return LEAD


def _deals() -> Cases:
    from kith_platform.predict.deals import DEAL

    return DEAL


def _bills() -> Cases:
    from kith_platform.predict.payment_risk import PAYMENT_RISK

    return PAYMENT_RISK


CORE: Sequence[Task] = (
    classified(
        _churn,
        key="churn",
        label=N_("Leaving customers"),
        answers=N_("Who will stop buying, and what is typical of it?"),
        chance=N_("Chance of leaving"),
        yes=N_("Typical of customers who leave:"),
        no=N_("Typical of customers who stay:"),
        of_whom=N_(
            "Customers with a running subscription who gave no notice. Of those who never had one: who "
            "bought before and is not silent for more than 3 times their own rhythm."
        ),
        counts=N_(
            "The subscription ends by the customer's choice, or somebody noted that. Without a subscription: no "
            "purchase in the days judged. Who ends because bills stay unpaid counts as neither."
        ),
        saves=True,
    ),
    module(
        "leaving_reason",
        explained=True,
        key="leaving_reason",
        label=N_("Reasons of leaving"),
        answers=N_("If a customer leaves by choice, which reason would it be?"),
        chance=N_("Chance of the likeliest reason, if they leave"),
        yes=N_("Typical of customers who leave for this reason:"),
        no=N_("Typical of customers who leave for other reasons:"),
        extra=("reason", *REASONS),
        kinds=Kinds("reason", N_("Likeliest reason of leaving"), REASONS),
        of_whom=N_("Customers who may leave; learnt from those of whom a reason of leaving was noted."),
        counts=N_("The reason that was noted."),
    ),
    module(
        "clv",
        key="clv",
        label=N_("Customer lifetime value"),
        answers=N_("What is each customer worth in the next months?"),
        chance=N_("Expected value, next 12 months"),
        value="money",
        extra=("p_alive", "expected_purchases", "monthly_fee", "months_staying"),
        of_whom=N_("Everybody who bought before, or has a subscription that runs."),
        counts=N_("Nothing: money in the next 12 months is asked, not yes or no."),
        matured=_matured_clv,
    ),
    module(
        "next_purchase",
        explained=True,
        key="next_purchase",
        label=N_("Next purchase"),
        answers=N_("When will each customer buy next?"),
        chance=N_("Chance of a purchase within 30 days"),
        yes=N_("Typical of customers who buy soon:"),
        no=N_("Typical of customers who take longer:"),
        extra=("days_10", "days_50", "days_90"),
        of_whom=N_("Who bought before and is not silent for more than 3 times their own rhythm."),
        counts=N_("A purchase; asked is the day. Where none came in the days judged, it counts as still open."),
        matured=_matured_soon,
    ),
    of_model(INVOLUNTARY),
    of_model(UPSELL),
    module(
        "response",
        key="response",
        label=N_("Campaign response"),
        answers=N_("Who will answer the next campaign, and what is typical of them?"),
        chance=N_("Chance to answer the next campaign"),
        yes=N_("Typical of customers who answer:"),
        no=N_("Typical of customers who do not answer:"),
        of_whom=N_("Customers who may be sent a campaign. It learnt from those to whom one was delivered."),
        counts=N_("An answer within 14 days of the send: a conversion that was noted, else a purchase."),
    ),
    module(
        "uplift",
        explained=True,
        key="uplift",
        label=N_("Campaign uplift"),
        answers=N_("Whom does a campaign move to buy, and whom is it better to leave alone?"),
        chance=N_("What a campaign adds to the chance to buy"),
        yes=N_("Typical of customers whom a campaign moves:"),
        no=N_("Typical of customers whom a campaign moves less:"),
        extra=("without", "type"),
        kinds=Kinds(
            "type",
            N_("Type for campaigns"),
            {  # in the order of fits.uplift.Kind
                "persuadable": N_("persuadable"),
                "sure_thing": N_("sure thing"),
                "lost_cause": N_("lost cause"),
                "sleeping_dog": N_("sleeping dog"),
            },
        ),
        of_whom=N_("Customers who may be sent a campaign."),
        counts=N_("An answer within 14 days, held against those who were held back by lot."),
    ),
    of_model(WINBACK, finish=_winback, extra=("expected_value",)),  # after uplift, by which it ranks
    module(
        "cross_sell",
        key="cross_sell",
        label=N_("Cross-sell"),
        answers=N_("What could each customer buy next that they never bought before?"),
        chance=N_("Chance to buy the first of these families"),
        yes=N_("Offer next:"),
        no=N_("Offer next:"),
        of_whom=N_("Customers with purchases of known product families."),
        counts=N_("The first purchase of a family that the customer never bought before."),
    ),
    cases(
        _leads,
        key="leads",
        label=N_("Leads that become customers"),
        answers=N_("Which open lead will become a customer in 90 days, and what is it likely to be worth?"),
        chance=N_("Chance of becoming a customer"),
        yes=N_("Typical of leads that become customers:"),
        no=N_("Typical of leads that do not:"),
        extra=("expected_value",),
        subject="leads",
        of_whom=N_("Open leads."),
        counts=N_("The lead becomes a customer within 90 days."),
    ),
    cases(
        _deals,
        key="opportunities",
        label=N_("Opportunities that are won"),
        answers=N_("Which open opportunity will be won?"),
        chance=N_("Chance of winning"),
        yes=N_("Typical of opportunities that are won:"),
        no=N_("Typical of opportunities that are lost:"),
        subject="opportunities",
        of_whom=N_("Open opportunities."),
        counts=N_("The opportunity is won. What is still open counts as neither."),
    ),
    cases(
        _bills,
        key="payment_risk",
        label=N_("Bills that are paid late"),
        answers=N_("Which open bill will be paid more than 30 days late, and what may be lost of it?"),
        chance=N_("Chance of paying more than 30 days late"),
        yes=N_("Typical of bills paid late:"),
        no=N_("Typical of bills paid in time:"),
        extra=("expected_loss",),
        adverse=True,
        subject="invoices",
        of_whom=N_("Open bills."),
        counts=N_("The bill is paid more than 30 days after it was due, or is still unpaid then."),
    ),
)
