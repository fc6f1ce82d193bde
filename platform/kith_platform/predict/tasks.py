"""What Kith can be asked of each customer, in words, and the functions that train and score each; heavy libraries come late."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from kith_platform.i18n import N_
from kith_platform.predict.involuntary import INVOLUNTARY
from kith_platform.predict.leaving_words import REASONS
from kith_platform.predict.upsell import UPSELL
from kith_platform.predict.winback import WINBACK

if TYPE_CHECKING:
    from kith_platform.predict.cases import Cases
    from kith_platform.predict.classify import Classification
    from kith_platform.predict.matrix import Matrix
    from kith_platform.predict.matured import Said
    from kith_platform.predict.training import Evidence, Scored, Trained
    from kith_platform.sdk.models import Model

CUSTOMERS = "customers"

Trainer = Callable[["Evidence"], "Trained"]
# Evidence, the opened artefact of the version that serves (None: the rule serves), and its report.
Scorer = Callable[["Evidence", "bytes | None", "Mapping[str, Any]"], "Scored | None"]
# One customer's features, the artefact and the report of the version that serves: the reasons of the score.
Explainer = Callable[["Matrix", bytes, "Mapping[str, Any]"], list[dict[str, Any]]]
# Evidence and what was said in the past: what came of it (`matured`).
Judge = Callable[["Evidence", "Said"], dict[str, Any]]


@dataclass(frozen=True)
class Kinds:
    """What a score also says as one of several: `extra` names the further number that counts in `words`, code → what it is
    called; `label` is what is asked of it. Scores without that number say none.
    """

    extra: str
    label: str
    words: Mapping[str, str]

    def code(self, extra: Mapping[str, Any]) -> str:
        """The code that a score's further numbers name; empty for none."""
        return list(self.words)[int(extra[self.extra])] if extra.get(self.extra) is not None else ""


@dataclass(frozen=True, kw_only=True)
class Task:
    """A model that a company can train. `value` is what a score means, `chance` what it is called, `extra` the numbers beside it;
    `yes` and `no` stand before the reasons of a high and of a low score. `plugin` is empty for core's. `subject` is customers, or
    the plural of the fact whose rows are scored. `of_whom` and `counts` say whom it is asked of and what is a yes.
    `saves`: a yes loses a customer whom a contact may save. `matured` judges scores of customers whose window is over, where one
    can; `explain` gives the reasons of one customer's score.
    """

    key: str
    label: str
    answers: str
    chance: str
    train: Trainer
    rescore: Scorer
    value: Literal["probability", "money"] = "probability"
    yes: str = ""
    no: str = ""
    extra: tuple[str, ...] = ()
    kinds: Kinds | None = None
    adverse: bool = False
    plugin: str = ""
    subject: str = CUSTOMERS
    of_whom: str = ""
    counts: str = ""
    saves: bool = False
    matured: Judge | None = None
    explain: Explainer | None = None


def of_model(
    model: Model,
    plugin: str = "",
    *,
    finish: Callable[[Classification], Classification] | None = None,
    extra: tuple[str, ...] = (),
) -> Task:
    """The task that a declaration makes; `finish` adds what only core can, such as the numbers called `extra`."""

    def found() -> Classification:
        from kith_platform.predict.asked import classification

        return classification(model) if finish is None else finish(classification(model))

    return _classified(
        found,
        key=model.key,
        label=model.label,
        answers=model.answers,
        chance=model.chance,
        yes=model.yes,
        no=model.no,
        extra=extra,
        adverse=model.adverse,
        plugin=plugin,
        of_whom=model.of_whom,
        counts=model.counts,
        saves=model.saves,
    )


def _classified(found: Callable[[], Classification], **words: Any) -> Task:
    def train(evidence: Evidence) -> Trained:
        from kith_platform.predict import classify

        return classify.train(found(), evidence)

    def rescore(evidence: Evidence, artefact: bytes | None, report: Mapping[str, Any]) -> Scored | None:
        from kith_platform.predict import classify

        return classify.rescore(found(), evidence, artefact, report)

    def matured(evidence: Evidence, said: Said) -> dict[str, Any]:
        from kith_platform.predict.matured import of_chances

        return of_chances(found(), evidence, said)

    def explain(row: Matrix, artefact: bytes, _report: Mapping[str, Any]) -> list[dict[str, Any]]:
        from kith_platform.predict import protocol

        return protocol.model_scores(row, *protocol.unpack(artefact)).reasons[0]

    return Task(train=train, rescore=rescore, matured=matured, explain=explain, **words)


def _module(name: str, *, explained: bool = False, **words: Any) -> Task:
    """A task whose `train` and `rescore` a module of this folder has; where it is `explained`, `by_model` too."""

    def train(evidence: Evidence) -> Trained:
        found: Trained = import_module(f"kith_platform.predict.{name}").train(evidence)
        return found

    def rescore(evidence: Evidence, artefact: bytes | None, report: Mapping[str, Any]) -> Scored | None:
        found: Scored | None = import_module(f"kith_platform.predict.{name}").rescore(evidence, artefact, report)
        return found

    def explain(row: Matrix, artefact: bytes, report: Mapping[str, Any]) -> list[dict[str, Any]]:
        found: Scored = import_module(f"kith_platform.predict.{name}").by_model(row, artefact, report)
        return found.reasons[0]

    return Task(train=train, rescore=rescore, explain=explain if explained else None, **words)


def _cases(found: Callable[[], Cases], **words: Any) -> Task:
    def train(evidence: Evidence) -> Trained:
        from kith_platform.predict import cases

        return cases.train(found(), evidence)

    def rescore(evidence: Evidence, artefact: bytes | None, report: Mapping[str, Any]) -> Scored | None:
        from kith_platform.predict import cases

        return cases.rescore(found(), evidence, artefact, report)

    def matured(evidence: Evidence, said: Said) -> dict[str, Any]:
        from kith_platform.predict.matured import of_cases

        return of_cases(found(), evidence, said)

    return Task(train=train, rescore=rescore, matured=matured, **words)


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
    _classified(
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
    _module(
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
    _module(
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
    _module(
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
    _module(
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
    _module(
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
    _module(
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
    _cases(
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
    _cases(
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
    _cases(
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
