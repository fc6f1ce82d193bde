"""Facts of opinion: answers to surveys, and what customers post elsewhere."""

from kith_platform.facts.grains import CHANNEL, PRODUCT, REP, UNIT
from kith_platform.i18n import mark as _
from kith_platform.sdk.facts import Column, Fact, Kind

# What a survey may ask besides its main question.
DIMENSIONS = (
    Column(
        name="quality",
        kind=Kind.NUMBER,
        label=_("Score for quality"),
        filled_at="answered_at",
        aliases=("quality_score", "质量评分", "品質評分"),
    ),
    Column(
        name="brand",
        kind=Kind.NUMBER,
        label=_("Score for the brand"),
        filled_at="answered_at",
        aliases=("brand_score", "品牌评分", "品牌評分"),
    ),
    Column(
        name="image",
        kind=Kind.NUMBER,
        label=_("Score for the image"),
        filled_at="answered_at",
        aliases=("image_score", "形象评分", "形象評分"),
    ),
    Column(
        name="responsibility",
        kind=Kind.NUMBER,
        label=_("Score for responsibility"),
        filled_at="answered_at",
        aliases=("responsibility_score", "社会责任评分", "社會責任評分"),
    ),
    Column(
        name="price",
        kind=Kind.NUMBER,
        label=_("Score for the price"),
        filled_at="answered_at",
        aliases=("price_score", "价格评分", "價格評分"),
    ),
    Column(
        name="service",
        kind=Kind.NUMBER,
        label=_("Score for service"),
        filled_at="answered_at",
        aliases=("service_score", "服务评分", "服務評分"),
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
        REP,
        CHANNEL,
        UNIT,
        Column(
            name="ticket",
            kind=Kind.REFERENCE,
            to="ticket",
            label=_("Ticket"),
            aliases=("ticket_id", "case_id", "工单号", "案件編號"),
        ),
        Column(name="order", kind=Kind.REFERENCE, to="sales_order", label=_("Order"), aliases=("order_id", "订单号", "訂單編號")),
        PRODUCT,
        *DIMENSIONS,
        Column(
            name="brand_rank",
            kind=Kind.NUMBER,
            label=_("Our rank among the brands used"),
            filled_at="answered_at",
            aliases=("rank", "品牌排名"),
        ),
        Column(
            name="brands_used",
            kind=Kind.INTEGER,
            label=_("Brands used"),
            filled_at="answered_at",
            aliases=("number_of_brands", "使用品牌数", "使用品牌數"),
        ),
    ),
)

RATED_POST = Fact(
    name="rated_post",
    plural="rated_posts",
    label=_("Rated post"),
    label_plural=_("Rated posts"),
    occurred="posted_at",
    customer_optional=True,
    aliases=("post_id", "review_id", "评论编号", "評論編號"),
    columns=(
        Column(
            name="posted_at",
            kind=Kind.TIME,
            label=_("Posted at"),
            required=True,
            aliases=("date", "review_date", "created_at", "发布时间", "發布時間", "日期"),
        ),
        Column(name="site", kind=Kind.TEXT, label=_("Site"), aliases=("platform", "website", "平台", "网站", "網站")),
        PRODUCT,
        Column(name="rating", kind=Kind.NUMBER, label=_("Rating"), aliases=("stars", "score", "评分", "評分", "星级", "星級")),
        Column(
            name="sentiment",
            kind=Kind.TEXT,
            label=_("Sentiment"),
            choices=("positive", "neutral", "negative"),
            aliases=("tone", "情感", "情感倾向", "情感傾向"),
        ),
        Column(
            name="text", kind=Kind.TEXT, label=_("Text"), aliases=("review", "comment", "body", "内容", "內容", "评论", "評論")
        ),
    ),
)

OPINIONS = (SURVEY_RESPONSE, RATED_POST)
