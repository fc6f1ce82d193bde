"""Facts of contact: tickets, surveys, activities, events, campaign touches, referrals."""

from kith_platform.i18n import mark as _
from kith_platform.sdk.facts import Column, Fact, Kind

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
    ),
)

SURVEY_RESPONSE = Fact(
    name="survey_response",
    plural="survey_responses",
    label=_("Survey answer"),
    label_plural=_("Survey answers"),
    occurred="sent_at",
    aliases=("response_id", "survey_id", "答卷编号"),
    columns=(
        Column(name="sent_at", kind=Kind.TIME, label=_("Sent at"), required=True, aliases=("date", "survey_date", "发送时间")),
        Column(
            name="kind",
            kind=Kind.TEXT,
            label=_("Kind"),
            required=True,
            choices=("nps", "csat", "ces", "enps", "loyalty"),
            aliases=("survey", "type", "问卷类型"),
        ),
        Column(
            name="answered_at",
            kind=Kind.TIME,
            label=_("Answered at"),
            filled_at="answered_at",
            falls_back_to="sent_at",
            aliases=("response_date", "作答时间"),
        ),
        Column(
            name="score",
            kind=Kind.NUMBER,
            label=_("Score"),
            filled_at="answered_at",
            aliases=("rating", "satisfaction_score", "评分", "評分"),
        ),
        Column(name="scale", kind=Kind.TEXT, label=_("Scale"), aliases=("量表",)),
        Column(name="touchpoint", kind=Kind.TEXT, label=_("Touchpoint"), aliases=("触点", "觸點")),
        Column(name="comment", kind=Kind.TEXT, label=_("Comment"), filled_at="answered_at", aliases=("feedback", "评论", "意見")),
    ),
)

ACTIVITY = Fact(
    name="activity",
    plural="activities",
    label=_("Activity"),
    label_plural=_("Activities"),
    occurred="started_at",
    aliases=("activity_id", "活动编号"),
    columns=(
        Column(
            name="started_at", kind=Kind.TIME, label=_("Started at"), required=True, aliases=("date", "call_date", "开始时间")
        ),
        Column(
            name="kind",
            kind=Kind.TEXT,
            label=_("Kind"),
            choices=("call", "mail", "meeting", "visit", "chat", "note", "task"),
            aliases=("type", "类型", "類型"),
        ),
        Column(name="ended_at", kind=Kind.TIME, label=_("Ended at"), filled_at="ended_at", aliases=("结束时间",)),
        Column(name="direction", kind=Kind.TEXT, label=_("Direction"), choices=("in", "out"), aliases=("方向",)),
        Column(name="rep", kind=Kind.TEXT, label=_("Who"), aliases=("agent", "sales_rep", "员工", "員工")),
        Column(name="channel", kind=Kind.TEXT, label=_("Channel"), aliases=("渠道",)),
        Column(name="subject", kind=Kind.TEXT, label=_("Subject"), aliases=("note", "主题")),
        Column(name="outcome", kind=Kind.TEXT, label=_("Outcome"), filled_at="ended_at", aliases=("result", "结果")),
    ),
)

EVENT = Fact(
    name="event",
    plural="events",
    label=_("Event"),
    label_plural=_("Events"),
    occurred="happened_at",
    aliases=("event_id", "usage_id", "事件编号"),
    columns=(
        Column(
            name="happened_at",
            kind=Kind.TIME,
            label=_("Happened at"),
            required=True,
            aliases=("date", "timestamp", "event_time", "usage_date", "时间"),
        ),
        Column(
            name="name",
            kind=Kind.TEXT,
            label=_("What happened"),
            required=True,
            aliases=("event", "event_name", "feature_name", "事件"),
        ),
        Column(name="amount", kind=Kind.NUMBER, label=_("How much"), aliases=("count", "usage_count", "value", "次数")),
        Column(name="minutes", kind=Kind.NUMBER, label=_("Minutes"), aliases=("duration", "时长")),
        Column(name="channel", kind=Kind.TEXT, label=_("Channel"), aliases=("渠道",)),
        Column(name="session", kind=Kind.TEXT, label=_("Session"), aliases=("session_id", "会话")),
        Column(name="detail", kind=Kind.TEXT, label=_("Detail"), aliases=("properties", "详情")),
    ),
)

TOUCH = Fact(
    name="touch",
    plural="touches",
    label=_("Campaign contact"),
    label_plural=_("Campaign contacts"),
    occurred="sent_at",
    aliases=("touch_id", "message_id", "触达编号"),
    columns=(
        Column(name="sent_at", kind=Kind.TIME, label=_("Sent at"), required=True, aliases=("date", "发送时间")),
        Column(name="campaign", kind=Kind.TEXT, label=_("Campaign"), required=True, aliases=("campaign_id", "活动", "活動")),
        Column(name="arm", kind=Kind.TEXT, label=_("Test group"), aliases=("group", "variant", "组别")),
        Column(name="channel", kind=Kind.TEXT, label=_("Channel"), aliases=("渠道",)),
        Column(name="delivered_at", kind=Kind.TIME, label=_("Delivered at"), filled_at="delivered_at", aliases=("送达时间",)),
        Column(name="opened_at", kind=Kind.TIME, label=_("Opened at"), filled_at="opened_at", aliases=("打开时间",)),
        Column(name="clicked_at", kind=Kind.TIME, label=_("Clicked at"), filled_at="clicked_at", aliases=("点击时间",)),
        Column(name="converted_at", kind=Kind.TIME, label=_("Converted at"), filled_at="converted_at", aliases=("转化时间",)),
        Column(
            name="unsubscribed_at", kind=Kind.TIME, label=_("Unsubscribed at"), filled_at="unsubscribed_at", aliases=("退订时间",)
        ),
    ),
)

REFERRAL = Fact(
    name="referral",
    plural="referrals",
    label=_("Referral"),
    label_plural=_("Referrals"),
    occurred="made_at",
    aliases=("referral_id", "推荐编号", "推薦編號"),
    columns=(
        Column(name="made_at", kind=Kind.TIME, label=_("Made at"), required=True, aliases=("date", "推荐时间", "推薦時間")),
        Column(name="invited", kind=Kind.TEXT, label=_("Who was invited"), aliases=("invitee", "被推荐人", "被推薦人")),
        Column(name="channel", kind=Kind.TEXT, label=_("Channel"), aliases=("渠道",)),
        Column(
            name="converted_at",
            kind=Kind.TIME,
            label=_("Converted at"),
            filled_at="converted_at",
            aliases=("conversion_date", "转化时间", "轉化時間"),
        ),
    ),
)

CONTACT = (TICKET, SURVEY_RESPONSE, ACTIVITY, EVENT, TOUCH, REFERRAL)
