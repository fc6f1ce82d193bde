"""Facts of selling: leads, opportunities and their stages, targets."""

from dataclasses import replace

from kith_platform.facts.grains import CHANNEL, PRODUCT, REP, UNIT
from kith_platform.i18n import mark as _
from kith_platform.sdk.facts import Column, Fact, Kind

LEAD = Fact(
    name="lead",
    plural="leads",
    label=_("Lead"),
    label_plural=_("Leads"),
    occurred="created_at",
    customer_optional=True,
    has_url=True,
    aliases=("lead_id", "lead_no", "线索编号", "線索編號", "潜客编号"),
    columns=(
        Column(
            name="created_at",
            kind=Kind.TIME,
            label=_("Created at"),
            required=True,
            aliases=("date", "received_at", "lead_date", "创建时间", "建立時間", "日期"),
        ),
        Column(name="name", kind=Kind.TEXT, label=_("Name"), undated=True, aliases=("full_name", "contact", "姓名", "联系人")),
        Column(
            name="company", kind=Kind.TEXT, label=_("Company"), undated=True, aliases=("company_name", "公司", "公司名称", "企业")
        ),
        Column(name="email", kind=Kind.TEXT, label=_("E-mail"), undated=True, aliases=("mail", "e_mail", "邮箱", "電子郵件")),
        Column(
            name="phone", kind=Kind.TEXT, label=_("Phone"), undated=True, aliases=("mobile", "telephone", "tel", "手机", "电话")
        ),
        replace(CHANNEL, aliases=("lead_source", "source_channel", *CHANNEL.aliases, "来源", "來源")),
        REP,
        UNIT,
        Column(name="campaign", kind=Kind.TEXT, label=_("Campaign"), aliases=("campaign_id", "活动", "活動")),
        PRODUCT,
        Column(
            name="status",
            kind=Kind.TEXT,
            label=_("Status"),
            undated=True,
            choices=("new", "contacted", "qualified", "converted", "disqualified"),
            aliases=("lead_status", "state", "状态", "狀態"),
        ),
        Column(
            name="first_contact_at",
            kind=Kind.TIME,
            label=_("First contact at"),
            filled_at="first_contact_at",
            aliases=("first_reply_at", "contacted_at", "首次联系时间", "首次聯絡時間"),
        ),
        Column(
            name="qualified_at",
            kind=Kind.TIME,
            label=_("Qualified at"),
            filled_at="qualified_at",
            aliases=("合格时间", "合格時間"),
        ),
        Column(
            name="converted_at",
            kind=Kind.TIME,
            label=_("Converted at"),
            filled_at="converted_at",
            aliases=("conversion_date", "转化时间", "轉化時間"),
        ),
        Column(
            name="disqualified_at",
            kind=Kind.TIME,
            label=_("Disqualified at"),
            filled_at="disqualified_at",
            aliases=("淘汰时间", "淘汰時間"),
        ),
        Column(
            name="reason",
            kind=Kind.TEXT,
            label=_("Reason"),
            filled_at="disqualified_at",
            aliases=("disqualification_reason", "原因"),
        ),
        Column(
            name="estimate",
            kind=Kind.MONEY,
            label=_("Estimated value"),
            undated=True,
            aliases=("estimated_value", "value", "amount", "预计金额", "預計金額"),
        ),
    ),
)

OPPORTUNITY = Fact(
    name="opportunity",
    plural="opportunities",
    label=_("Opportunity"),
    label_plural=_("Opportunities"),
    occurred="opened_at",
    has_url=True,
    aliases=("opportunity_id", "deal_id", "opportunity_no", "商机编号", "商機編號"),
    columns=(
        Column(
            name="opened_at",
            kind=Kind.TIME,
            label=_("Opened at"),
            required=True,
            aliases=("created_at", "date", "open_date", "创建时间", "建立時間", "日期"),
        ),
        Column(name="name", kind=Kind.TEXT, label=_("Name"), aliases=("title", "deal_name", "商机名称", "商機名稱")),
        Column(name="amount", kind=Kind.MONEY, label=_("Amount"), undated=True, aliases=("value", "deal_value", "金额", "金額")),
        REP,
        CHANNEL,
        UNIT,
        PRODUCT,
        Column(
            name="lead",
            kind=Kind.REFERENCE,
            to="lead",
            label=_("Lead"),
            aliases=("lead_id", "线索编号", "線索編號"),
        ),
        Column(name="partner", kind=Kind.TEXT, label=_("Partner"), aliases=("partner_id", "reseller", "合作伙伴", "合作夥伴")),
        Column(name="stage", kind=Kind.TEXT, label=_("Stage"), undated=True, aliases=("deal_stage", "阶段", "階段")),
        Column(
            name="probability",
            kind=Kind.NUMBER,
            label=_("Probability (0 to 1)"),
            undated=True,
            aliases=("win_probability", "概率", "機率", "赢率", "贏率"),
        ),
        Column(
            name="close_on",
            kind=Kind.DATE,
            label=_("Expected to close on"),
            may_be_future=True,
            undated=True,
            aliases=("close_date", "expected_close", "预计成交日期", "預計成交日期"),
        ),
        Column(
            name="status",
            kind=Kind.TEXT,
            label=_("Status"),
            choices=("open", "won", "lost"),
            filled_at="closed_at",
            aliases=("deal_status", "state", "状态", "狀態"),
        ),
        Column(
            name="closed_at",
            kind=Kind.TIME,
            label=_("Closed at"),
            filled_at="closed_at",
            aliases=("won_at", "lost_at", "结案时间", "結案時間", "成交时间", "成交時間"),
        ),
        Column(
            name="won_amount",
            kind=Kind.MONEY,
            label=_("Amount won"),
            filled_at="closed_at",
            aliases=("won_value", "成交金额", "成交金額"),
        ),
        Column(
            name="loss_reason",
            kind=Kind.TEXT,
            label=_("Reason of the loss"),
            filled_at="closed_at",
            aliases=("lost_reason", "reason", "丢单原因", "丟單原因", "失单原因"),
        ),
        Column(
            name="competitor",
            kind=Kind.TEXT,
            label=_("Competitor"),
            filled_at="closed_at",
            aliases=("lost_to", "竞争对手", "競爭對手"),
        ),
        Column(name="duplicate", kind=Kind.BOOLEAN, label=_("Duplicate"), undated=True, aliases=("is_duplicate", "重复", "重複")),
    ),
)

OPPORTUNITY_STAGE = Fact(
    name="opportunity_stage",
    plural="opportunity_stages",
    label=_("Opportunity stage"),
    label_plural=_("Opportunity stage changes"),
    occurred="entered_at",
    aliases=("stage_change_id",),
    columns=(
        Column(
            name="entered_at",
            kind=Kind.TIME,
            label=_("Since"),
            required=True,
            aliases=("date", "timestamp", "changed_at", "进入时间", "進入時間", "时间", "時間"),
        ),
        Column(
            name="opportunity",
            kind=Kind.REFERENCE,
            to="opportunity",
            label=_("Opportunity"),
            required=True,
            aliases=("opportunity_id", "deal_id", "商机编号", "商機編號"),
        ),
        Column(name="stage", kind=Kind.TEXT, label=_("Stage"), required=True, aliases=("deal_stage", "阶段", "階段")),
        Column(
            name="position",
            kind=Kind.INTEGER,
            label=_("Place of the stage"),
            aliases=("stage_number", "stage_order", "阶段序号", "階段序號"),
        ),
    ),
)

TARGET = Fact(
    name="target",
    plural="targets",
    label=_("Target"),
    label_plural=_("Targets"),
    occurred="starts_on",
    of_customer=False,
    aliases=("target_id", "目标编号", "目標編號"),
    columns=(
        Column(
            name="starts_on",
            kind=Kind.DATE,
            label=_("First day"),
            required=True,
            may_be_future=True,
            aliases=("start_date", "from", "period_start", "开始日期", "開始日期"),
        ),
        Column(
            name="ends_on",
            kind=Kind.DATE,
            label=_("Last day"),
            required=True,
            may_be_future=True,
            aliases=("end_date", "until", "period_end", "结束日期", "結束日期"),
        ),
        Column(
            name="kind",
            kind=Kind.TEXT,
            label=_("Kind"),
            required=True,
            choices=("sales", "won", "new_customers", "tickets"),
            aliases=("type", "target_type", "类型", "類型"),
        ),
        Column(
            name="amount",
            kind=Kind.NUMBER,
            label=_("Target"),
            required=True,
            aliases=("target", "value", "goal", "目标", "目標", "目标值", "目標值"),
        ),
        Column(
            name="currency", kind=Kind.TEXT, label=_("Currency"), aliases=("currency_code", "ccy", "币种", "幣別", "货币", "貨幣")
        ),
        REP,
        UNIT,
        PRODUCT,
        CHANNEL,
        Column(name="set_at", kind=Kind.TIME, label=_("Set at"), aliases=("agreed_at", "created_at", "设定时间", "設定時間")),
    ),
)

SALES = (LEAD, OPPORTUNITY, OPPORTUNITY_STAGE, TARGET)
