"""Files whose line is not one row of one fact: lists of how things stand, and answers that come with something else.

A layout is a table to import that no fact is: its columns are declared as a fact's, its lines become rows of other facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kith_platform.i18n import mark as _
from kith_platform.sdk.facts import Column, Fact, Kind

KEY = "#key"  # in `Row.values`: the line's own id
# The column by which rows that name no customer are those of a subscription's, imported before from the same source.
THROUGH = "subscription"

SUBSCRIPTION = Fact(
    name="subscription",
    plural="subscriptions",
    label=_("Subscription"),
    label_plural=_("Subscriptions"),
    occurred="started_at",
    # Without ids a customer has one subscription that began on a day.
    key=("customer", "started_at"),
    aliases=("subscription_id", "subscription", "contract_id", "contract", "contract_no", "订阅编号", "合同编号", "合同号"),
    columns=(
        Column(
            name="started_at",
            kind=Kind.TIME,
            label=_("Started on"),
            required=True,
            aliases=("start_date", "start", "started_on", "begins_on", "date", "created_at", "开始日期", "开通日期", "生效日期"),
        ),
        Column(
            name="ended_at",
            kind=Kind.TIME,
            label=_("Ended on"),
            may_be_future=True,
            aliases=("end_date", "end", "ended_on", "cancelled_at", "canceled_at", "结束日期", "取消日期", "到期日期"),
        ),
        Column(name="plan", kind=Kind.TEXT, label=_("Plan"), aliases=("plan_tier", "plan_name", "tier", "套餐", "方案")),
        Column(
            name="mrr",
            kind=Kind.MONEY,
            label=_("Monthly revenue"),
            aliases=("mrr_amount", "monthly_fee", "monthly_amount", "amount", "price", "月费", "金额"),
        ),
        Column(name="seats", kind=Kind.INTEGER, label=_("Seats"), aliases=("quantity", "licences", "licenses", "席位", "席位数")),
        Column(name="upgraded", kind=Kind.BOOLEAN, label=_("Upgraded"), aliases=("upgrade_flag", "is_upgrade", "升级")),
        Column(name="downgraded", kind=Kind.BOOLEAN, label=_("Downgraded"), aliases=("downgrade_flag", "is_downgrade", "降级")),
        Column(
            name="cancelled",
            kind=Kind.BOOLEAN,
            label=_("Cancelled"),
            aliases=("churn_flag", "churned", "churn", "canceled", "is_cancelled", "已取消", "是否流失"),
        ),
        Column(
            name="reason",
            kind=Kind.TEXT,
            label=_("Reason for the end"),
            aliases=("reason_code", "cancel_reason", "cancellation_reason", "churn_reason", "取消原因"),
        ),
        Column(
            name="renews_on",
            kind=Kind.DATE,
            label=_("Renews on"),
            may_be_future=True,
            aliases=("renewal_date", "next_billing_date", "current_period_end", "续费日"),
        ),
        Column(name="product", kind=Kind.REFERENCE, to="product", label=_("Product"), aliases=("product_id", "商品编号")),
    ),
)
LAYOUTS = (SUBSCRIPTION,)


@dataclass(frozen=True, kw_only=True)
class Row:
    """Rows of `fact` that lines make, their id the line's with `suffix`.

    `values`: column → the targets of which the first that says something is its value; `constants`: column → what it always
    is. `when`: only lines that say something there, or yes, have the row; a moment that lies ahead has not happened. `ahead`:
    column → a moment whose day it takes as long as that lies ahead.
    """

    fact: str
    values: Mapping[str, tuple[str, ...]]
    constants: Mapping[str, str | int] = field(default_factory=dict)
    suffix: str = ""
    when: str = ""
    ahead: Mapping[str, str] = field(default_factory=dict)


def _same(fact: str, *names: str) -> dict[str, tuple[str, ...]]:
    """Columns that a row takes over under their own names."""
    return {name: (f"{fact}.{name}",) for name in names}


_STATE = {"subscription": (KEY,), **_same("subscription", "plan", "product")}
_RUNNING = {**_STATE, **_same("subscription", "mrr", "seats"), "happened_at": ("subscription.started_at",)}
_ANSWERED = ("ticket.resolved_at", "ticket.opened_at")

# By table; of a layout the first makes a row of every line.
ROWS: Mapping[str, tuple[Row, ...]] = {
    "subscription": (
        Row(
            fact="subscription_event",
            suffix="|started",
            values={**_RUNNING, **_same("subscription", "renews_on")},
            constants={"kind": "started"},
            ahead={"renews_on": "subscription.ended_at"},
        ),
        # The flags say that it changed, not when: a change without a day counts from the start, as the amount does.
        Row(
            fact="subscription_event",
            suffix="|upgraded",
            values=_RUNNING,
            constants={"kind": "upgraded"},
            when="subscription.upgraded",
        ),
        Row(
            fact="subscription_event",
            suffix="|downgraded",
            values=_RUNNING,
            constants={"kind": "downgraded"},
            when="subscription.downgraded",
        ),
        Row(
            fact="subscription_event",
            suffix="|cancelled",
            values={**_STATE, **_same("subscription", "reason"), "happened_at": ("subscription.ended_at",)},
            constants={"kind": "cancelled", "mrr": 0},
            when="subscription.ended_at",
        ),
    ),
    "ticket": (
        Row(
            fact="survey_response",
            suffix="|csat",
            values={
                **_same("ticket", "rep", "channel", "unit", "product", "order"),
                **_same("survey_response", "score"),
                "sent_at": _ANSWERED,
                "answered_at": _ANSWERED,
                "ticket": (KEY,),
            },
            constants={"kind": "csat", "touchpoint": "ticket"},
            when="survey_response.score",
        ),
    ),
}


def tables(facts: Iterable[Fact]) -> dict[str, Fact]:
    """Everything that a file may hold, by name: the facts, and the layouts."""
    return {fact.name: fact for fact in (*facts, *LAYOUTS)}


def is_layout(fact: Fact) -> bool:
    return fact in LAYOUTS


def through_aliases(fact: Fact) -> tuple[str, ...]:
    """Header words of the subscription by which a file of this fact may say whose its rows are, where the fact itself has no
    such column; none for what is never a subscription's."""
    fits = fact.of_customer and not is_layout(fact) and not is_own(fact) and fact.name not in ("sales_order", "order_line")
    return SUBSCRIPTION.aliases if fits else ()


def is_own(fact: Fact) -> bool:
    """Whether a fact keeps the subscription's number itself."""
    return any(column.name == THROUGH for column in fact.columns)


def rows_of(fact: Fact, targets: Iterable[str]) -> list[Row]:
    """The further rows that a file of this table makes, by where its columns go."""
    found = set(targets)
    return [row for row in ROWS.get(fact.name, ()) if not row.when or row.when in found]


def beside(fact: Fact) -> list[str]:
    """Targets of other facts that columns of a file of this table may have."""
    named = (target for row in ROWS.get(fact.name, ()) for targets in row.values.values() for target in targets)
    return [target for target in named if target != KEY and not target.startswith(f"{fact.name}.")]
