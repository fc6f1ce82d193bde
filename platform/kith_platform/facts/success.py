"""Facts of customers' success: what was promised, what they want to reach, who looks after them, and whether they leave."""

from kith_platform.facts.grains import INITIATIVE, PRODUCT, REP, UNIT
from kith_platform.i18n import mark as _
from kith_platform.sdk.facts import Column, Fact, Kind

COMMITMENT = Fact(
    name="commitment",
    plural="commitments",
    label=_("Commitment"),
    label_plural=_("Commitments"),
    occurred="promised_at",
    has_url=True,
    aliases=("commitment_id", "promise_id", "承诺编号", "承諾編號"),
    columns=(
        Column(
            name="promised_at",
            kind=Kind.TIME,
            label=_("Promised at"),
            required=True,
            aliases=("date", "created_at", "承诺时间", "承諾時間", "日期"),
        ),
        Column(
            name="what",
            kind=Kind.TEXT,
            label=_("What was promised"),
            required=True,
            aliases=("promise", "commitment", "subject", "承诺内容", "承諾內容", "承诺", "承諾"),
        ),
        Column(
            name="kind",
            kind=Kind.TEXT,
            label=_("Kind"),
            choices=("delivery", "fix", "call_back", "other"),
            aliases=("type", "类型", "類型"),
        ),
        REP,
        UNIT,
        Column(
            name="due_at",
            kind=Kind.TIME,
            label=_("Due at"),
            required=True,
            may_be_future=True,
            aliases=("due", "due_date", "deadline", "截止时间", "截止時間", "期限"),
        ),
        Column(
            name="done_at",
            kind=Kind.TIME,
            label=_("Done at"),
            filled_at="done_at",
            aliases=("done", "completed_at", "fulfilled_at", "完成时间", "完成時間"),
        ),
        Column(
            name="ticket",
            kind=Kind.REFERENCE,
            to="ticket",
            label=_("Ticket"),
            aliases=("ticket_id", "case_id", "工单号", "案件編號"),
        ),
        Column(name="cancelled", kind=Kind.BOOLEAN, label=_("Cancelled"), undated=True, aliases=("canceled", "已取消", "取消")),
    ),
)

OUTCOME = Fact(
    name="outcome",
    plural="outcomes",
    label=_("Customer's goal"),
    label_plural=_("Customers' goals"),
    occurred="set_at",
    has_url=True,
    aliases=("outcome_id", "goal_id", "目标编号", "目標編號"),
    columns=(
        Column(
            name="set_at",
            kind=Kind.TIME,
            label=_("Set at"),
            required=True,
            aliases=("date", "agreed_at", "created_at", "设定时间", "設定時間", "日期"),
        ),
        Column(name="goal", kind=Kind.TEXT, label=_("Goal"), required=True, aliases=("outcome", "objective", "目标", "目標")),
        Column(
            name="measure", kind=Kind.TEXT, label=_("Measured in"), aliases=("metric", "unit_of_measure", "衡量指标", "衡量指標")
        ),
        Column(name="baseline", kind=Kind.NUMBER, label=_("Baseline"), aliases=("start_value", "基线", "基線", "基准值")),
        Column(name="target", kind=Kind.NUMBER, label=_("Target"), aliases=("target_value", "goal_value", "目标值", "目標值")),
        Column(
            name="due_on",
            kind=Kind.DATE,
            label=_("Due on"),
            may_be_future=True,
            aliases=("due_date", "due", "截止日期", "到期日"),
        ),
        Column(
            name="actual",
            kind=Kind.NUMBER,
            label=_("Reached"),
            filled_at="measured_at",
            aliases=("actual_value", "reached", "result", "实际值", "實際值"),
        ),
        Column(
            name="measured_at",
            kind=Kind.TIME,
            label=_("Measured at"),
            filled_at="measured_at",
            aliases=("measured", "measure_date", "测量时间", "測量時間"),
        ),
        Column(
            name="confirmed_by",
            kind=Kind.TEXT,
            label=_("Confirmed by"),
            filled_at="confirmed_at",
            aliases=("confirmer", "确认人", "確認人"),
        ),
        Column(
            name="confirmed_at",
            kind=Kind.TIME,
            label=_("Confirmed at"),
            filled_at="confirmed_at",
            aliases=("confirmed", "确认时间", "確認時間"),
        ),
        Column(
            name="value",
            kind=Kind.MONEY,
            label=_("Worth to the customer"),
            filled_at="measured_at",
            aliases=("worth", "customer_value", "客户价值", "客戶價值"),
        ),
        Column(
            name="verified",
            kind=Kind.BOOLEAN,
            label=_("Verified"),
            filled_at="measured_at",
            aliases=("is_verified", "已核实", "已核實"),
        ),
        Column(
            name="own_cost",
            kind=Kind.MONEY,
            label=_("Customer's own cost"),
            filled_at="measured_at",
            aliases=("customer_cost", "客户自身成本", "客戶自身成本"),
        ),
        PRODUCT,
        INITIATIVE,
    ),
)

CONTACT_PLAN = Fact(
    name="contact_plan",
    plural="contact_plans",
    label=_("Contact plan"),
    label_plural=_("Contact plans"),
    occurred="starts_on",
    aliases=("plan_id", "计划编号", "計劃編號"),
    columns=(
        Column(
            name="starts_on",
            kind=Kind.DATE,
            label=_("First day"),
            required=True,
            aliases=("start_date", "from", "date", "开始日期", "開始日期", "日期"),
        ),
        Column(
            name="every_days",
            kind=Kind.INTEGER,
            label=_("A contact every … days"),
            required=True,
            aliases=("interval", "interval_days", "days", "间隔天数", "間隔天數"),
        ),
        REP,
        Column(
            name="ends_on",
            kind=Kind.DATE,
            label=_("Last day"),
            may_be_future=True,
            undated=True,
            aliases=("end_date", "until", "结束日期", "結束日期"),
        ),
    ),
)

HANDOFF = Fact(
    name="handoff",
    plural="handoffs",
    label=_("Hand-over"),
    label_plural=_("Hand-overs"),
    occurred="handed_at",
    aliases=("handoff_id", "handover_id", "交接编号", "交接編號"),
    columns=(
        Column(
            name="handed_at",
            kind=Kind.TIME,
            label=_("Handed over at"),
            required=True,
            aliases=("date", "handed_over_at", "交接时间", "交接時間", "日期"),
        ),
        Column(
            name="from_unit",
            kind=Kind.TEXT,
            label=_("From team or branch"),
            aliases=("from", "from_team", "from_department", "移交部门", "移交部門"),
        ),
        Column(
            name="to_unit",
            kind=Kind.TEXT,
            label=_("To team or branch"),
            aliases=("to", "to_team", "to_department", "接收部门", "接收部門"),
        ),
        REP,
        Column(
            name="due_at",
            kind=Kind.TIME,
            label=_("Due at"),
            may_be_future=True,
            aliases=("due", "due_date", "deadline", "截止时间", "截止時間", "期限"),
        ),
        Column(
            name="accepted_at",
            kind=Kind.TIME,
            label=_("Accepted at"),
            filled_at="accepted_at",
            aliases=("accepted", "taken_at", "接收时间", "接收時間"),
        ),
    ),
)

LEAVING = Fact(
    name="leaving",
    plural="leavings",
    label=_("Leaving"),
    label_plural=_("Leavings"),
    occurred="left_on",
    aliases=("leaving_id", "churn_id", "流失编号", "流失編號"),
    columns=(
        Column(
            name="left_on",
            kind=Kind.DATE,
            label=_("Left on"),
            required=True,
            aliases=("date", "churn_date", "leaving_date", "流失日期", "离开日期", "離開日期"),
        ),
        Column(
            name="kind",
            kind=Kind.TEXT,
            label=_("Kind"),
            choices=("voluntary", "involuntary"),
            aliases=("type", "churn_type", "流失类型", "流失類型"),
        ),
        Column(name="reason", kind=Kind.TEXT, label=_("Reason"), aliases=("churn_reason", "reason_code", "流失原因", "原因")),
        Column(name="competitor", kind=Kind.TEXT, label=_("Competitor"), aliases=("went_to", "竞争对手", "競爭對手")),
        PRODUCT,
    ),
)

ADVOCACY = Fact(
    name="advocacy",
    plural="advocacies",
    label=_("Advocacy"),
    label_plural=_("Advocacies"),
    occurred="asked_at",
    aliases=("advocacy_id", "推荐编号", "推薦編號"),
    columns=(
        Column(
            name="asked_at",
            kind=Kind.TIME,
            label=_("Asked at"),
            required=True,
            aliases=("date", "requested_at", "请求时间", "請求時間", "日期"),
        ),
        Column(
            name="kind",
            kind=Kind.TEXT,
            label=_("Kind"),
            choices=("reference", "case_study", "review"),
            aliases=("type", "类型", "類型"),
        ),
        Column(
            name="given_at",
            kind=Kind.TIME,
            label=_("Given at"),
            filled_at="given_at",
            aliases=("given", "published_at", "完成时间", "完成時間"),
        ),
    ),
)

SUCCESS = (COMMITMENT, OUTCOME, CONTACT_PLAN, HANDOFF, LEAVING, ADVOCACY)
