"""Facts of subscribing: what happened to a subscription, what it entitles to, and the steps by which a customer gets going."""

from kith_platform.facts.grains import PRODUCT, REP
from kith_platform.i18n import mark as _
from kith_platform.sdk.facts import Column, Fact, Kind

SUBSCRIPTION = Column(
    name="subscription",
    kind=Kind.TEXT,
    label=_("Subscription"),
    aliases=("subscription_id", "contract", "contract_id", "订阅编号", "訂閱編號", "合同号", "合約編號"),
)

SUBSCRIPTION_EVENT = Fact(
    name="subscription_event",
    plural="subscription_events",
    label=_("Subscription event"),
    label_plural=_("Subscription events"),
    occurred="happened_at",
    aliases=("subscription_event_id", "event_id"),
    columns=(
        Column(
            name="happened_at",
            kind=Kind.TIME,
            label=_("Happened at"),
            required=True,
            aliases=("date", "start_date", "event_date", "日期"),
        ),
        Column(
            name="kind",
            kind=Kind.TEXT,
            label=_("Kind"),
            required=True,
            aliases=("event", "type", "事件"),
            choices=(
                "started",
                "renewed",
                "upgraded",
                "downgraded",
                "paused",
                "resumed",
                "cancel_requested",
                "cancelled",
                "payment_failed",
                "ended",
            ),
        ),
        Column(name="subscription", kind=Kind.TEXT, label=_("Subscription"), aliases=("subscription_id", "contract", "订阅编号")),
        Column(name="plan", kind=Kind.TEXT, label=_("Plan"), aliases=("plan_tier", "tier", "套餐", "方案")),
        Column(name="mrr", kind=Kind.MONEY, label=_("Monthly revenue after it"), aliases=("mrr_amount", "monthly_fee", "月费")),
        Column(name="seats", kind=Kind.INTEGER, label=_("Seats"), aliases=("席位",)),
        Column(name="reason", kind=Kind.TEXT, label=_("Reason"), aliases=("reason_code", "原因")),
        Column(
            name="renews_on",
            kind=Kind.DATE,
            label=_("Renews on"),
            may_be_future=True,
            aliases=("renewal_date", "end_date", "续费日"),
        ),
        PRODUCT,
    ),
)

ENTITLEMENT = Fact(
    name="entitlement",
    plural="entitlements",
    label=_("Entitlement"),
    label_plural=_("Entitlements"),
    occurred="starts_on",
    aliases=("entitlement_id", "licence_id", "license_id", "授权编号", "授權編號"),
    columns=(
        Column(
            name="starts_on",
            kind=Kind.DATE,
            label=_("First day"),
            required=True,
            aliases=("start_date", "from", "date", "开始日期", "開始日期", "日期"),
        ),
        Column(
            name="ends_on",
            kind=Kind.DATE,
            label=_("Last day"),
            may_be_future=True,
            undated=True,
            aliases=("end_date", "until", "expires_on", "结束日期", "結束日期", "到期日"),
        ),
        Column(
            name="module",
            kind=Kind.TEXT,
            label=_("Licensed module"),  # empty: seats of the whole
            aliases=("feature", "模块", "模組", "功能"),
        ),
        Column(name="seats", kind=Kind.INTEGER, label=_("Seats"), aliases=("licences", "licenses", "席位", "席位数")),
        SUBSCRIPTION,
    ),
)

ONBOARDING_STEP = Fact(
    name="onboarding_step",
    plural="onboarding_steps",
    label=_("Onboarding step"),
    label_plural=_("Onboarding steps"),
    occurred="due_at",
    aliases=("step_id", "步骤编号", "步驟編號"),
    columns=(
        Column(
            name="due_at",
            kind=Kind.TIME,
            label=_("Due at"),
            required=True,
            may_be_future=True,
            aliases=("due", "due_date", "deadline", "截止时间", "截止時間", "期限"),
        ),
        Column(
            name="step",
            kind=Kind.TEXT,
            label=_("Step"),
            required=True,
            aliases=("task", "step_name", "步骤", "步驟", "任务", "任務"),
        ),
        SUBSCRIPTION,
        REP,
        Column(
            name="done_at",
            kind=Kind.TIME,
            label=_("Done at"),
            filled_at="done_at",
            aliases=("done", "completed_at", "finished_at", "完成时间", "完成時間"),
        ),
    ),
)

SUBSCRIPTIONS = (SUBSCRIPTION_EVENT, ENTITLEMENT, ONBOARDING_STEP)
