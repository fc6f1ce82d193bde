"""What a retailer keeps beside customers and orders: stores, member cards, coupons and their redemption."""

from kith_platform.sdk.facts import Column, Fact, Kind
from kith_platform.sdk.types import N_

STORE = Fact(
    name="store",
    plural="stores",
    label=N_("Store"),
    label_plural=N_("Stores"),
    occurred=None,
    of_customer=False,
    aliases=("store_id", "store_no", "branch_id", "shop_id", "门店编号", "門市編號"),
    columns=(
        Column(name="name", kind=Kind.TEXT, label=N_("Name"), aliases=("store_name", "branch", "门店名称", "門市名稱")),
        Column(name="city", kind=Kind.TEXT, label=N_("City"), aliases=("town", "城市")),
        Column(name="area_m2", kind=Kind.NUMBER, label=N_("Area in m²"), undated=True, aliases=("area", "sqm", "面积", "面積")),
        Column(name="opened_on", kind=Kind.DATE, label=N_("Opened on"), aliases=("opening_date", "开业日期", "開幕日期")),
    ),
)

MEMBER_CARD = Fact(
    name="member_card",
    plural="member_cards",
    label=N_("Member card"),
    label_plural=N_("Member cards"),
    occurred="issued_on",
    aliases=("card_id", "card_no", "card_number", "会员卡号", "會員卡號"),
    columns=(
        Column(
            name="issued_on",
            kind=Kind.DATE,
            label=N_("Issued on"),
            required=True,
            aliases=("issue_date", "发卡日期", "發卡日期"),
        ),
        Column(name="level", kind=Kind.TEXT, label=N_("Level"), undated=True, aliases=("tier", "grade", "等级", "等級")),
        Column(name="store", kind=Kind.REFERENCE, to="store", label=N_("Store"), aliases=("store_id", "发卡门店", "發卡門市")),
    ),
)

COUPON = Fact(
    name="coupon",
    plural="coupons",
    label=N_("Coupon"),
    label_plural=N_("Coupons"),
    occurred="issued_at",
    aliases=("coupon_id", "coupon_code", "voucher", "券号", "券號"),
    columns=(
        Column(
            name="issued_at",
            kind=Kind.TIME,
            label=N_("Issued at"),
            required=True,
            aliases=("issued_on", "发券时间", "發券時間"),
        ),
        Column(
            name="expires_on",
            kind=Kind.DATE,
            label=N_("Valid until"),
            may_be_future=True,
            aliases=("valid_until", "expiry_date", "到期日"),
        ),
        Column(name="campaign", kind=Kind.TEXT, label=N_("Campaign"), aliases=("campaign_id", "活动", "活動")),
        Column(name="discount_share", kind=Kind.NUMBER, label=N_("Discount as a share"), aliases=("discount", "折扣")),
    ),
)

REDEMPTION = Fact(
    name="coupon_redemption",
    plural="coupon_redemptions",
    label=N_("Coupon redemption"),
    label_plural=N_("Coupon redemptions"),
    occurred="redeemed_at",
    aliases=("redemption_id", "核销号", "核銷號"),
    columns=(
        Column(
            name="redeemed_at",
            kind=Kind.TIME,
            label=N_("Redeemed at"),
            required=True,
            aliases=("used_at", "核销时间", "核銷時間"),
        ),
        Column(name="coupon", kind=Kind.REFERENCE, to="coupon", label=N_("Coupon"), aliases=("coupon_id", "券号", "券號")),
        Column(name="order", kind=Kind.REFERENCE, to="sales_order", label=N_("Order"), aliases=("order_id", "订单号", "訂單號")),
        Column(name="amount", kind=Kind.MONEY, label=N_("Discount given"), aliases=("discount", "优惠金额", "優惠金額")),
    ),
)

FACTS = (STORE, MEMBER_CARD, COUPON, REDEMPTION)
