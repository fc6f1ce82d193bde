"""Facts of those who serve the customer with us: suppliers, partners, staff."""

from dataclasses import replace

from kith_platform.facts.grains import DEPARTMENT, PRODUCT, REP, TEAM, UNIT
from kith_platform.i18n import mark as _
from kith_platform.sdk.facts import Column, Fact, Kind

THEIR_MARGIN = Column(
    name="their_margin",
    kind=Kind.MONEY,
    label=_("Their margin"),
    aliases=("supplier_margin", "partner_margin", "对方毛利", "對方毛利"),
)
ON_LEAVE = Column(name="on_leave", kind=Kind.BOOLEAN, label=_("On leave"), aliases=("leave", "absent", "休假", "请假", "請假"))

SUPPLIER_TX = Fact(
    name="supplier_tx",
    plural="supplier_transactions",
    label=_("Dealing with a supplier"),
    label_plural=_("Dealings with suppliers"),
    occurred="ordered_at",
    of_customer=False,
    aliases=("transaction_id", "purchase_order", "po_number", "采购单号", "採購單號"),
    columns=(
        Column(
            name="ordered_at",
            kind=Kind.TIME,
            label=_("Ordered at"),
            required=True,
            aliases=("order_date", "date", "issued_at", "采购日期", "採購日期", "日期"),
        ),
        Column(
            name="supplier",
            kind=Kind.TEXT,
            label=_("Supplier"),
            required=True,
            aliases=("supplier_id", "vendor", "supplier_name", "供应商", "供應商"),
        ),
        Column(
            name="kind",
            kind=Kind.TEXT,
            label=_("Kind"),
            required=True,
            choices=("delivery", "invoice"),
            aliases=("type", "类型", "類型"),
        ),
        PRODUCT,
        Column(name="quantity", kind=Kind.NUMBER, label=_("Quantity"), aliases=("qty", "ordered_quantity", "数量", "數量")),
        Column(
            name="promised_on",
            kind=Kind.DATE,
            label=_("Promised for"),
            may_be_future=True,
            aliases=("promised_date", "expected_delivery", "承诺日期", "承諾日期"),
        ),
        Column(
            name="delivered_on",
            kind=Kind.DATE,
            label=_("Delivered on"),
            filled_at="delivered_on",
            aliases=("delivery_date", "received_on", "交货日期", "交貨日期"),
        ),
        Column(
            name="delivered_quantity",
            kind=Kind.NUMBER,
            label=_("Quantity delivered"),
            filled_at="delivered_on",
            aliases=("received_quantity", "delivered_qty", "到货数量", "到貨數量"),
        ),
        Column(name="amount", kind=Kind.MONEY, label=_("Amount"), aliases=("total", "invoice_amount", "金额", "金額")),
        Column(
            name="due_on",
            kind=Kind.DATE,
            label=_("Due on"),
            may_be_future=True,
            aliases=("due_date", "payment_due", "到期日", "应付日期", "應付日期"),
        ),
        Column(
            name="paid_on",
            kind=Kind.DATE,
            label=_("Paid on"),
            filled_at="paid_on",
            aliases=("payment_date", "paid_at", "付款日期"),
        ),
        Column(
            name="our_saving", kind=Kind.MONEY, label=_("What we saved"), aliases=("saving", "savings", "我方节省", "我方節省")
        ),
        THEIR_MARGIN,
    ),
)

PARTNER_TX = Fact(
    name="partner_tx",
    plural="partner_transactions",
    label=_("Dealing with a partner"),
    label_plural=_("Dealings with partners"),
    occurred="happened_at",
    of_customer=False,
    aliases=("transaction_id", "交易编号", "交易編號"),
    columns=(
        Column(
            name="happened_at",
            kind=Kind.TIME,
            label=_("Happened at"),
            required=True,
            aliases=("date", "transaction_date", "交易时间", "交易時間", "日期"),
        ),
        Column(
            name="partner",
            kind=Kind.TEXT,
            label=_("Partner"),
            required=True,
            aliases=("partner_id", "partner_name", "合作伙伴", "合作夥伴"),
        ),
        Column(
            name="opportunity",
            kind=Kind.REFERENCE,
            to="opportunity",
            label=_("Opportunity"),
            aliases=("opportunity_id", "deal_id", "商机编号", "商機編號"),
        ),
        Column(
            name="won_amount",
            kind=Kind.MONEY,
            label=_("Amount won"),
            aliases=("won_value", "amount", "成交金额", "成交金額"),
        ),
        Column(name="our_margin", kind=Kind.MONEY, label=_("Our margin"), aliases=("margin", "我方毛利")),
        THEIR_MARGIN,
    ),
)

EMPLOYEE_SNAPSHOT = Fact(
    name="employee_snapshot",
    plural="employee_snapshots",
    label=_("State of an employee"),
    label_plural=_("States of employees"),
    occurred="day",
    of_customer=False,
    key=("day", "employee"),
    columns=(
        Column(name="day", kind=Kind.DATE, label=_("Day"), required=True, aliases=("date", "snapshot_date", "日期")),
        Column(
            name="employee",
            kind=Kind.TEXT,
            label=_("Employee"),
            required=True,
            aliases=("employee_id", "staff_id", "staff", "rep", "员工编号", "員工編號", "员工", "員工", "工号", "工號"),
        ),
        TEAM,
        DEPARTMENT,
        Column(
            name="fte",
            kind=Kind.NUMBER,
            label=_("Full-time equivalent"),
            required=True,
            aliases=("full_time_equivalent", "全职当量", "全職當量"),
        ),
        Column(
            name="customer_facing",
            kind=Kind.BOOLEAN,
            label=_("Works with customers"),
            aliases=("front_line", "面向客户", "面向客戶"),
        ),
        Column(
            name="licensed",
            kind=Kind.BOOLEAN,
            label=_("Has a licence for the CRM"),
            aliases=("has_licence", "has_license", "crm授权", "crm授權"),
        ),
        ON_LEAVE,
        Column(name="left_on", kind=Kind.DATE, label=_("Left on"), aliases=("leaving_date", "离职日期", "離職日期")),
        Column(
            name="leaving_kind",
            kind=Kind.TEXT,
            label=_("How they left"),
            choices=("voluntary", "involuntary"),
            aliases=("leaving_type", "离职类型", "離職類型"),
        ),
        Column(
            name="attainment",
            kind=Kind.NUMBER,
            label=_("Attainment (0 to 100)"),
            aliases=("attainment_score", "达成", "達成", "达成率"),
        ),
        Column(
            name="quality", kind=Kind.NUMBER, label=_("Quality of work (0 to 100)"), aliases=("quality_score", "质量", "品質")
        ),
        Column(name="pay_fit", kind=Kind.NUMBER, label=_("Fit of the pay (0 to 100)"), aliases=("pay", "薪酬匹配", "薪酬符合度")),
        Column(
            name="training",
            kind=Kind.NUMBER,
            label=_("Training done (0 to 100)"),
            aliases=("training_score", "培训", "培訓"),
        ),
    ),
)

WORK_DAY = Fact(
    name="work_day",
    plural="work_days",
    label=_("Working day"),
    label_plural=_("Working days"),
    occurred="day",
    of_customer=False,
    key=("day", "rep"),
    columns=(
        Column(name="day", kind=Kind.DATE, label=_("Day"), required=True, aliases=("date", "work_date", "日期")),
        replace(REP, required=True, aliases=("employee", "employee_id", *REP.aliases)),
        UNIT,
        Column(
            name="minutes",
            kind=Kind.NUMBER,
            label=_("Minutes worked and logged"),
            required=True,
            aliases=("minutes_worked", "work_minutes", "工作分钟", "工作分鐘", "分钟", "分鐘"),
        ),
        ON_LEAVE,
    ),
)

STAKEHOLDERS = (SUPPLIER_TX, PARTNER_TX, EMPLOYEE_SNAPSHOT, WORK_DAY)
