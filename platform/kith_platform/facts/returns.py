"""Facts of what customer work costs and brings: initiatives, their costs and benefits."""

from dataclasses import replace

from kith_platform.facts.grains import CHANNEL, INITIATIVE, PRODUCT, REP, UNIT
from kith_platform.i18n import mark as _
from kith_platform.sdk.facts import Column, Fact, Kind

GRADES = ("A", "B", "C", "D")  # randomised, quasi-experiment, before and after, self-reported
GRADE = Column(
    name="grade",
    kind=Kind.TEXT,
    label=_("Grade of evidence"),
    choices=GRADES,
    aliases=("evidence_grade", "证据等级", "證據等級"),
)

INITIATIVE_STARTED = Fact(
    name="initiative",
    plural="initiatives",
    label=_("Initiative"),
    label_plural=_("Initiatives"),
    occurred="started_at",
    of_customer=False,
    has_url=True,
    named=True,
    aliases=("initiative_id", "project_id", "举措编号", "舉措編號", "项目编号", "項目編號"),
    columns=(
        Column(
            name="started_at",
            kind=Kind.TIME,
            label=_("Started at"),
            required=True,
            may_be_future=True,
            aliases=("date", "start_date", "开始时间", "開始時間", "开始日期", "開始日期"),
        ),
        Column(
            name="name",
            kind=Kind.TEXT,
            label=_("Name"),
            required=True,
            aliases=("title", "initiative", "名称", "名稱", "举措名称", "舉措名稱"),
        ),
        Column(name="owner", kind=Kind.TEXT, label=_("Owner"), undated=True, aliases=("rep", "负责人", "負責人")),
        Column(
            name="ends_on",
            kind=Kind.DATE,
            label=_("Last day"),
            may_be_future=True,
            undated=True,
            aliases=("end_date", "until", "结束日期", "結束日期"),
        ),
        Column(name="campaign", kind=Kind.TEXT, label=_("Campaign"), aliases=("campaign_id", "活动", "活動")),
        Column(
            name="record_signed_at",
            kind=Kind.TIME,
            label=_("Success criteria signed at"),
            aliases=("signed_at", "criteria_signed_at", "签署时间", "簽署時間"),
        ),
    ),
)

POOLS = ("service", "delivery", "account", "acquisition_sales", "acquisition_marketing", "direct", "project", "other")
COST = Fact(
    name="cost",
    plural="costs",
    label=_("Cost"),
    label_plural=_("Costs"),
    occurred="spent_on",
    customer_optional=True,
    aliases=("cost_id", "成本编号", "成本編號"),
    columns=(
        Column(
            name="spent_on",
            kind=Kind.DATE,
            label=_("Spent on"),
            required=True,
            aliases=("date", "cost_date", "booked_on", "支出日期", "日期"),
        ),
        Column(
            name="pool",
            kind=Kind.TEXT,
            label=_("Cost pool"),
            required=True,
            choices=(
                "service",
                "delivery",
                "account",
                "acquisition_sales",
                "acquisition_marketing",
                "direct",
                "project",
                "other",
            ),
            aliases=("cost_pool", "cost_centre", "cost_center", "成本池", "成本类别", "成本類別"),
        ),
        Column(
            name="amount",
            kind=Kind.MONEY,
            label=_("Amount"),
            required=True,
            aliases=("cost", "total", "value", "金额", "金額", "成本"),
        ),
        Column(
            name="volume",
            kind=Kind.NUMBER,
            label=_("Units of work it paid for"),
            aliases=("units", "quantity", "工作量", "数量", "數量"),
        ),
        Column(
            name="item",
            kind=Kind.TEXT,
            label=_("Kind of work or product"),
            aliases=("kind", "type", "cost_item", "成本项目", "成本項目"),
        ),
        CHANNEL,
        REP,
        UNIT,
        PRODUCT,
        INITIATIVE,
    ),
)

SHARES = ("share_cim", "share_cem", "share_csm")
BENEFIT = Fact(
    name="benefit",
    plural="benefits",
    label=_("Benefit"),
    label_plural=_("Benefits"),
    occurred="gained_on",
    of_customer=False,
    sums_to_one=SHARES,
    aliases=("benefit_id", "收益编号", "收益編號"),
    columns=(
        Column(
            name="gained_on",
            kind=Kind.DATE,
            label=_("Gained on"),
            required=True,
            aliases=("date", "benefit_date", "收益日期", "日期"),
        ),
        replace(INITIATIVE, required=True),
        Column(
            name="amount",
            kind=Kind.MONEY,
            label=_("Amount"),
            required=True,
            aliases=("benefit", "total", "value", "金额", "金額", "收益"),
        ),
        Column(
            name="share_cim",
            kind=Kind.RATE,
            label=_("Share of interaction (CIM)"),
            required=True,
            aliases=("cim", "cim_share", "cim占比", "cim佔比"),
        ),
        Column(
            name="share_cem",
            kind=Kind.RATE,
            label=_("Share of experience (CEM)"),
            required=True,
            aliases=("cem", "cem_share", "cem占比", "cem佔比"),
        ),
        Column(
            name="share_csm",
            kind=Kind.RATE,
            label=_("Share of success (CSM)"),
            required=True,
            aliases=("csm", "csm_share", "csm占比", "csm佔比"),
        ),
        replace(GRADE, required=True),
        Column(name="evidence", kind=Kind.TEXT, label=_("Evidence"), aliases=("proof", "source_note", "证据", "證據")),
    ),
)

RETURNS = (INITIATIVE_STARTED, COST, BENEFIT)
