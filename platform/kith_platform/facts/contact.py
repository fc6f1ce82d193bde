"""Facts of contact: activities, events, campaign touches, referrals."""

from kith_platform.facts.grains import DEPARTMENT, TEAM
from kith_platform.i18n import mark as _
from kith_platform.sdk.facts import Column, Fact, Kind

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
        DEPARTMENT,
        TEAM,
        Column(
            name="captured",
            kind=Kind.TEXT,
            label=_("How it was recorded"),
            # missed: nobody recorded it; it is known from invoices, telephony or mail logs only
            choices=("automatic", "manual", "missed"),
            aliases=("capture", "recorded", "记录方式", "記錄方式"),
        ),
        Column(
            name="replied_at",
            kind=Kind.TIME,
            label=_("Replied at"),
            filled_at="replied_at",
            aliases=("reply_at", "回复时间", "回覆時間"),
        ),
        Column(
            name="ticket",
            kind=Kind.REFERENCE,
            to="ticket",
            label=_("Ticket"),
            aliases=("ticket_id", "case_id", "工单号", "案件編號"),
        ),
        Column(name="lead", kind=Kind.REFERENCE, to="lead", label=_("Lead"), aliases=("lead_id", "线索编号", "線索編號")),
        Column(
            name="opportunity",
            kind=Kind.REFERENCE,
            to="opportunity",
            label=_("Opportunity"),
            aliases=("opportunity_id", "deal_id", "商机编号", "商機編號"),
        ),
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
        Column(name="module", kind=Kind.TEXT, label=_("Module or feature"), aliases=("feature", "模块", "模組", "功能")),
        Column(
            name="user",
            kind=Kind.TEXT,
            label=_("User at the customer"),
            aliases=("user_name", "user_email", "login", "使用者", "用户", "用戶"),
        ),
        Column(name="bot", kind=Kind.BOOLEAN, label=_("Bot"), aliases=("is_bot", "crawler", "机器人", "機器人")),
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
        Column(
            name="void",
            kind=Kind.BOOLEAN,
            label=_("Self-referral"),
            aliases=("self_referral", "fraud", "自我推荐", "自我推薦"),  # same device, payment or address
        ),
        Column(
            name="invites",
            kind=Kind.INTEGER,
            label=_("Invitations"),
            aliases=("invitations", "invites_sent", "邀请数", "邀請數"),
        ),
    ),
)

CONTACT = (ACTIVITY, EVENT, TOUCH, REFERRAL)
