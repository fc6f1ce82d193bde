"""Facts of knowing: insights and what became of them, reports, forecasts, signals of the market, customers' wallets."""

from dataclasses import replace

from kith_platform.facts.grains import PRODUCT, REP
from kith_platform.facts.returns import GRADE
from kith_platform.i18n import mark as _
from kith_platform.sdk.facts import Column, Fact, Kind

INSIGHT = Fact(
    name="insight",
    plural="insights",
    label=_("Insight"),
    label_plural=_("Insights"),
    occurred="issued_at",
    customer_optional=True,
    has_url=True,
    aliases=("insight_id", "洞察编号", "洞察編號"),
    columns=(
        Column(
            name="issued_at",
            kind=Kind.TIME,
            label=_("Issued at"),
            required=True,
            aliases=("date", "created_at", "提出时间", "提出時間", "日期"),
        ),
        Column(name="kind", kind=Kind.TEXT, label=_("Kind"), aliases=("type", "类型", "類型")),
        Column(name="title", kind=Kind.TEXT, label=_("Title"), aliases=("subject", "insight", "标题", "標題")),
        replace(REP, label=_("Owner")),
        Column(name="segment", kind=Kind.TEXT, label=_("Segment"), aliases=("customer_segment", "客群", "细分")),
        Column(
            name="amount",
            kind=Kind.MONEY,
            label=_("Amount"),
            aliases=("value", "expected_value", "预期金额", "預期金額", "金额", "金額"),
        ),
        Column(
            name="due_on",
            kind=Kind.DATE,
            label=_("Due on"),
            may_be_future=True,
            aliases=("due_date", "due", "deadline", "截止日期", "期限"),
        ),
        GRADE,
        Column(
            name="acted_at",
            kind=Kind.TIME,
            label=_("Acted on at"),
            filled_at="acted_at",
            aliases=("action_at", "done_at", "行动时间", "行動時間"),
        ),
        Column(
            name="dismissed_at",
            kind=Kind.TIME,
            label=_("Dismissed at"),
            filled_at="dismissed_at",
            aliases=("rejected_at", "驳回时间", "駁回時間"),
        ),
        Column(
            name="reason",
            kind=Kind.TEXT,
            label=_("Reason"),
            filled_at="dismissed_at",
            aliases=("dismissal_reason", "原因"),
        ),
        Column(name="result", kind=Kind.TEXT, label=_("Result"), filled_at="acted_at", aliases=("outcome", "结果", "結果")),
    ),
)

REPORT_DELIVERY = Fact(
    name="report_delivery",
    plural="report_deliveries",
    label=_("Report delivery"),
    label_plural=_("Report deliveries"),
    occurred="due_at",
    of_customer=False,
    aliases=("delivery_id",),
    columns=(
        Column(
            name="due_at",
            kind=Kind.TIME,
            label=_("Due at"),
            required=True,
            may_be_future=True,
            aliases=("due", "due_date", "date", "deadline", "截止时间", "截止時間", "应交时间", "應交時間"),
        ),
        Column(
            name="report",
            kind=Kind.TEXT,
            label=_("Report"),
            required=True,
            aliases=("report_name", "title", "name", "报表", "報表", "报告", "報告"),
        ),
        Column(
            name="delivered_at",
            kind=Kind.TIME,
            label=_("Delivered at"),
            filled_at="delivered_at",
            aliases=("delivered", "sent_at", "送达时间", "送達時間", "交付时间", "交付時間"),
        ),
        Column(name="cancelled", kind=Kind.BOOLEAN, label=_("Cancelled"), undated=True, aliases=("canceled", "已取消", "取消")),
    ),
)

FORECAST = Fact(
    name="forecast",
    plural="forecasts",
    label=_("Forecast"),
    label_plural=_("Forecasts"),
    occurred="made_at",
    of_customer=False,
    aliases=("forecast_id", "预测编号", "預測編號"),
    columns=(
        Column(
            name="made_at",
            kind=Kind.TIME,
            label=_("Forecast made at"),
            required=True,
            aliases=("date", "created_at", "forecast_date", "预测时间", "預測時間", "日期"),
        ),
        Column(
            name="for_month",
            kind=Kind.DATE,
            label=_("For the month that begins on"),
            required=True,
            may_be_future=True,
            aliases=("month", "period", "period_start", "预测月份", "預測月份", "月份"),
        ),
        PRODUCT,
        Column(
            name="quantity",
            kind=Kind.NUMBER,
            label=_("Quantity"),
            aliases=("qty", "units", "数量", "數量", "预测数量", "預測數量"),
        ),
        Column(
            name="amount",
            kind=Kind.MONEY,
            label=_("Amount"),
            aliases=("value", "revenue", "金额", "金額", "预测金额", "預測金額"),
        ),
    ),
)

MARKET_SIGNAL = Fact(
    name="market_signal",
    plural="market_signals",
    label=_("Market signal"),
    label_plural=_("Market signals"),
    occurred="seen_at",
    customer_optional=True,
    aliases=("signal_id", "信号编号", "信號編號"),
    columns=(
        Column(
            name="seen_at",
            kind=Kind.TIME,
            label=_("Seen at"),
            required=True,
            aliases=("date", "observed_at", "发现时间", "發現時間", "日期"),
        ),
        Column(
            name="kind",
            kind=Kind.TEXT,
            label=_("Kind"),
            choices=("competitor_offer", "demand_break", "price_change", "other"),
            aliases=("type", "signal", "类型", "類型"),
        ),
        Column(name="competitor", kind=Kind.TEXT, label=_("Competitor"), aliases=("rival", "竞争对手", "競爭對手")),
        PRODUCT,
        Column(
            name="first_action_at",
            kind=Kind.TIME,
            label=_("First action at"),
            filled_at="first_action_at",
            aliases=("action_at", "acted_at", "首次行动时间", "首次行動時間"),
        ),
        Column(name="note", kind=Kind.TEXT, label=_("Note"), aliases=("comment", "description", "备注", "備註")),
    ),
)

WALLET = Fact(
    name="wallet",
    plural="wallets",
    label=_("Wallet"),
    label_plural=_("Wallets"),
    occurred="measured_on",
    aliases=("wallet_id", "钱包编号", "錢包編號"),
    columns=(
        Column(
            name="measured_on",
            kind=Kind.DATE,
            label=_("Measured on"),
            required=True,
            aliases=("date", "survey_date", "测量日期", "測量日期", "日期"),
        ),
        Column(
            name="amount",
            kind=Kind.MONEY,
            label=_("Spent in the category in twelve months"),
            required=True,
            aliases=("wallet", "category_spend", "spend", "金额", "金額", "年度支出"),
        ),
        Column(
            name="basis",
            kind=Kind.TEXT,
            label=_("Known from"),
            required=True,
            choices=("procurement", "survey", "estimate"),
            aliases=("how_known", "method", "依据", "依據", "来源", "來源"),
        ),
        Column(
            name="confidence",
            kind=Kind.NUMBER,
            label=_("Confidence (0 to 1)"),
            aliases=("certainty", "置信度", "信心", "可信度"),
        ),
        Column(name="category", kind=Kind.TEXT, label=_("Category"), aliases=("product_category", "类别", "品类", "類別")),
    ),
)

INSIGHTS = (INSIGHT, REPORT_DELIVERY, FORECAST, MARKET_SIGNAL, WALLET)
