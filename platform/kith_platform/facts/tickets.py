"""Facts of service: tickets, and every change of a ticket's status."""

from kith_platform.facts.grains import UNIT
from kith_platform.i18n import mark as _
from kith_platform.sdk.facts import Column, Fact, Kind

TICKET_STATES = ("new", "open", "waiting", "solved", "closed")

TICKET = Fact(
    name="ticket",
    plural="tickets",
    label=_("Ticket"),
    label_plural=_("Tickets"),
    occurred="opened_at",
    has_url=True,
    aliases=("ticket_id", "case_id", "ticket_no", "工单号", "案件編號"),
    columns=(
        Column(
            name="opened_at",
            kind=Kind.TIME,
            label=_("Opened at"),
            required=True,
            aliases=("submitted_at", "created_at", "date", "创建时间", "開立時間"),
        ),
        Column(name="subject", kind=Kind.TEXT, label=_("Subject"), aliases=("title", "主题", "主旨")),
        Column(name="topic", kind=Kind.TEXT, label=_("Topic"), aliases=("category", "type", "分类")),
        Column(name="channel", kind=Kind.TEXT, label=_("Channel"), aliases=("渠道",)),
        Column(name="severity", kind=Kind.TEXT, label=_("Severity"), aliases=("priority", "优先级", "優先順序")),
        Column(name="is_complaint", kind=Kind.BOOLEAN, label=_("Complaint"), aliases=("complaint", "投诉", "客訴")),
        Column(
            name="first_reply_at",
            kind=Kind.TIME,
            label=_("First reply at"),
            filled_at="first_reply_at",
            aliases=("replied_at", "首次回复"),
        ),
        Column(
            name="resolved_at",
            kind=Kind.TIME,
            label=_("Resolved at"),
            filled_at="resolved_at",
            aliases=("closed_at", "解决时间", "結案時間"),
        ),
        Column(name="reopened_at", kind=Kind.TIME, label=_("Reopened at"), filled_at="reopened_at", aliases=("重开时间",)),
        Column(
            name="sla_due_at", kind=Kind.TIME, label=_("Due under the service level"), may_be_future=True, aliases=("due_at",)
        ),
        Column(name="rep", kind=Kind.TEXT, label=_("Handled by"), aliases=("agent", "assignee", "客服", "處理人員")),
        Column(name="order", kind=Kind.REFERENCE, to="sales_order", label=_("Order"), aliases=("order_id", "订单号")),
        Column(name="product", kind=Kind.REFERENCE, to="product", label=_("Product"), aliases=("product_id", "商品编号")),
        UNIT,
        Column(
            name="status",
            kind=Kind.TEXT,
            label=_("Status"),
            undated=True,
            choices=TICKET_STATES,
            aliases=("ticket_status", "state", "状态", "狀態"),
        ),
        Column(
            name="contacts",
            kind=Kind.INTEGER,
            label=_("Contacts until solved"),
            filled_at="resolved_at",
            aliases=("contact_count", "touches", "联系次数", "聯絡次數"),
        ),
        Column(
            name="reply_due_at",
            kind=Kind.TIME,
            label=_("First reply due"),
            may_be_future=True,
            aliases=("first_reply_due_at", "首次回复期限", "首次回覆期限"),
        ),
        Column(
            name="description",
            kind=Kind.TEXT,
            label=_("Description"),
            undated=True,
            aliases=("body", "details", "描述", "说明", "說明"),
        ),
    ),
)

TICKET_STATUS = Fact(
    name="ticket_status",
    plural="ticket_statuses",
    label=_("Ticket status"),
    label_plural=_("Ticket status changes"),
    occurred="changed_to_at",
    of_customer=False,
    aliases=("status_change_id",),
    columns=(
        Column(
            name="changed_to_at",
            kind=Kind.TIME,
            label=_("Since"),
            required=True,
            aliases=("date", "timestamp", "changed_at", "时间", "時間", "变更时间", "變更時間"),
        ),
        Column(
            name="ticket",
            kind=Kind.REFERENCE,
            to="ticket",
            label=_("Ticket"),
            required=True,
            aliases=("ticket_id", "case_id", "工单号", "案件編號"),
        ),
        Column(name="status", kind=Kind.TEXT, label=_("Status"), required=True, choices=TICKET_STATES, aliases=("状态", "狀態")),
    ),
)

TICKETS = (TICKET, TICKET_STATUS)
