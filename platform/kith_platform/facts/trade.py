"""Facts of buying: products, orders and their lines, returns, invoices, payments, exchange rates."""

from kith_platform.i18n import mark as _
from kith_platform.sdk.facts import Column, Fact, Kind

ORDER_STATES = ("placed", "paid", "shipped", "delivered", "cancelled", "returned")

PRODUCT = Fact(
    name="product",
    plural="products",
    label=_("Product"),
    label_plural=_("Products"),
    occurred=None,
    of_customer=False,
    has_url=True,
    aliases=("product_id", "sku", "stock_code", "item_id", "article", "upc", "商品编号", "产品编号", "商品編號", "货号"),
    columns=(
        Column(
            name="name",
            kind=Kind.TEXT,
            label=_("Name"),
            aliases=("description", "product_name", "title", "item", "商品名称", "产品名称", "品名"),
        ),
        Column(
            name="family",
            kind=Kind.TEXT,
            label=_("Family"),
            aliases=("category", "product_category", "department", "类别", "品类", "大类", "類別"),
        ),
        Column(name="kind", kind=Kind.TEXT, label=_("Kind"), aliases=("product_type", "subcategory", "小类")),
        Column(name="brand", kind=Kind.TEXT, label=_("Brand"), aliases=("manufacturer", "manufacturer_id", "品牌")),
        Column(name="price", kind=Kind.MONEY, label=_("List price"), undated=True, aliases=("list_price", "售价", "定价")),
        Column(name="unit_cost", kind=Kind.MONEY, label=_("Unit cost"), undated=True, aliases=("cost", "成本", "进价")),
    ),
)

SALES_ORDER = Fact(
    name="sales_order",
    plural="orders",
    label=_("Order"),
    label_plural=_("Orders"),
    occurred="ordered_at",
    has_url=True,
    aliases=(
        "order_id",
        "order_no",
        "order_number",
        "basket_id",
        "invoice_no",
        "receipt",
        "transaction_id",
        "订单号",
        "订单编号",
        "訂單編號",
        "单号",
    ),
    columns=(
        Column(
            name="ordered_at",
            kind=Kind.TIME,
            label=_("Ordered at"),
            required=True,
            aliases=(
                "order_date",
                "date",
                "invoice_date",
                "transaction_timestamp",
                "timestamp",
                "purchased_at",
                "created_at",
                "下单时间",
                "订单日期",
                "下單時間",
                "日期",
                "交易时间",
            ),
        ),
        Column(
            name="status",
            kind=Kind.TEXT,
            label=_("Status"),
            choices=ORDER_STATES,
            filled_at="status_at",
            aliases=("order_status", "state", "状态", "订单状态", "狀態"),
        ),
        Column(name="status_at", kind=Kind.TIME, label=_("Status since"), filled_at="status_at", falls_back_to="ordered_at"),
        Column(
            name="net",
            kind=Kind.MONEY,
            label=_("Net amount"),
            aliases=(
                "amount",
                "total",
                "order_total",
                "net_amount",
                "value",
                "revenue",
                "dollars",
                "sales",
                "sales_value",
                "金额",
                "实付金额",
                "訂單金額",
                "金額",
                "总额",
            ),
        ),
        Column(name="tax", kind=Kind.MONEY, label=_("Tax"), aliases=("vat", "税", "税额", "稅額")),
        Column(name="discount", kind=Kind.MONEY, label=_("Discount"), aliases=("rebate", "折扣", "优惠", "優惠")),
        Column(name="quantity", kind=Kind.NUMBER, label=_("Units"), aliases=("qty", "units", "items", "数量", "件数", "數量")),
        Column(
            name="promised_on",
            kind=Kind.DATE,
            label=_("Promised for"),
            may_be_future=True,
            aliases=("promised_date", "expected_delivery", "预计送达", "承诺日期"),
        ),
        Column(
            name="delivered_on",
            kind=Kind.DATE,
            label=_("Delivered on"),
            filled_at="delivered_on",
            aliases=("delivery_date", "delivered_at", "送达日期", "交货日期"),
        ),
        Column(name="channel", kind=Kind.TEXT, label=_("Channel"), aliases=("sales_channel", "渠道", "通路")),
        Column(name="store", kind=Kind.TEXT, label=_("Store"), aliases=("store_id", "shop", "branch", "门店", "店铺", "門市")),
        Column(name="rep", kind=Kind.TEXT, label=_("Sales person"), aliases=("sales_rep", "seller", "销售员", "業務員")),
        Column(name="campaign", kind=Kind.TEXT, label=_("Campaign"), aliases=("campaign_id", "活动")),
    ),
)

ORDER_STATUS = Fact(
    name="order_status",
    plural="order_statuses",
    label=_("Order status"),
    label_plural=_("Order status changes"),
    occurred="changed_to_at",
    columns=(
        Column(
            name="order", kind=Kind.REFERENCE, to="sales_order", label=_("Order"), required=True, aliases=("order_id", "订单号")
        ),
        Column(name="changed_to_at", kind=Kind.TIME, label=_("Since"), required=True, aliases=("date", "timestamp", "时间")),
        Column(name="status", kind=Kind.TEXT, label=_("Status"), required=True, choices=ORDER_STATES, aliases=("状态", "狀態")),
    ),
)

ORDER_LINE = Fact(
    name="order_line",
    plural="order_lines",
    label=_("Order line"),
    label_plural=_("Order lines"),
    occurred="sold_at",
    aliases=("line_id", "line_no", "行号"),
    columns=(
        Column(
            name="order", kind=Kind.REFERENCE, to="sales_order", label=_("Order"), required=True, aliases=("order_id", "订单号")
        ),
        Column(
            name="sold_at",
            kind=Kind.TIME,
            label=_("Sold at"),
            required=True,
            aliases=("order_date", "ordered_at", "date", "日期"),
        ),
        Column(name="product", kind=Kind.REFERENCE, to="product", label=_("Product"), aliases=("product_id", "sku", "商品编号")),
        Column(name="quantity", kind=Kind.NUMBER, label=_("Quantity"), aliases=("qty", "units", "数量", "數量")),
        Column(name="unit_price", kind=Kind.MONEY, label=_("Unit price"), aliases=("price", "单价", "單價")),
        Column(
            name="net",
            kind=Kind.MONEY,
            label=_("Net amount"),
            aliases=("sales_value", "line_total", "amount", "extended_price", "金额", "小计", "金額"),
        ),
        Column(name="discount", kind=Kind.MONEY, label=_("Discount"), aliases=("retail_disc", "rebate", "折扣")),
        Column(name="cost", kind=Kind.MONEY, label=_("Cost"), aliases=("line_cost", "成本")),
    ),
)

RETURN_LINE = Fact(
    name="return_line",
    plural="returns",
    label=_("Return"),
    label_plural=_("Returns"),
    occurred="returned_at",
    aliases=("return_id", "退货单号"),
    columns=(
        Column(
            name="returned_at", kind=Kind.TIME, label=_("Returned at"), required=True, aliases=("return_date", "date", "退货日期")
        ),
        Column(name="order", kind=Kind.REFERENCE, to="sales_order", label=_("Order"), aliases=("order_id", "订单号")),
        Column(name="product", kind=Kind.REFERENCE, to="product", label=_("Product"), aliases=("product_id", "sku", "商品编号")),
        Column(name="quantity", kind=Kind.NUMBER, label=_("Quantity"), aliases=("qty", "数量", "數量")),
        Column(
            name="net", kind=Kind.MONEY, label=_("Refunded net amount"), aliases=("amount", "refund", "refund_amount", "退款金额")
        ),
        Column(name="reason", kind=Kind.TEXT, label=_("Reason"), aliases=("return_reason", "退货原因")),
    ),
)

INVOICE = Fact(
    name="invoice",
    plural="invoices",
    label=_("Invoice"),
    label_plural=_("Invoices"),
    occurred="issued_at",
    has_url=True,
    aliases=("invoice_id", "invoice_no", "发票号", "發票號碼"),
    columns=(
        Column(
            name="issued_at", kind=Kind.TIME, label=_("Issued at"), required=True, aliases=("invoice_date", "date", "开票日期")
        ),
        Column(name="due_on", kind=Kind.DATE, label=_("Due on"), may_be_future=True, aliases=("due_date", "due", "到期日")),
        Column(name="amount", kind=Kind.MONEY, label=_("Amount"), required=True, aliases=("total", "金额", "金額")),
        Column(name="order", kind=Kind.REFERENCE, to="sales_order", label=_("Order"), aliases=("order_id", "订单号")),
        Column(
            name="status",
            kind=Kind.TEXT,
            label=_("Status"),
            choices=("open", "paid", "cancelled", "written_off"),
            filled_at="status_at",
            aliases=("state", "状态"),
        ),
        Column(name="status_at", kind=Kind.TIME, label=_("Status since"), filled_at="status_at", falls_back_to="issued_at"),
    ),
)

PAYMENT = Fact(
    name="payment",
    plural="payments",
    label=_("Payment"),
    label_plural=_("Payments"),
    occurred="paid_at",
    aliases=("payment_id", "付款单号"),
    columns=(
        Column(name="paid_at", kind=Kind.TIME, label=_("Paid at"), required=True, aliases=("payment_date", "date", "付款日期")),
        Column(name="amount", kind=Kind.MONEY, label=_("Amount"), required=True, aliases=("paid", "total", "金额", "金額")),
        Column(name="invoice", kind=Kind.REFERENCE, to="invoice", label=_("Invoice"), aliases=("invoice_id", "发票号")),
        Column(name="method", kind=Kind.TEXT, label=_("Method"), aliases=("payment_method", "付款方式")),
        Column(name="succeeded", kind=Kind.BOOLEAN, label=_("Succeeded"), aliases=("success", "成功")),
    ),
)

FX_RATE = Fact(
    name="fx_rate",
    plural="fx_rates",
    label=_("Exchange rate"),
    label_plural=_("Exchange rates"),
    occurred="day",
    of_customer=False,
    key=("day", "currency_from"),
    columns=(
        Column(name="day", kind=Kind.DATE, label=_("Day"), required=True, aliases=("date", "日期")),
        Column(
            name="currency_from", kind=Kind.TEXT, label=_("Currency"), required=True, aliases=("currency", "ccy", "币种", "幣別")
        ),
        Column(
            name="rate", kind=Kind.RATE, label=_("Company currency for one unit"), required=True, aliases=("fx", "汇率", "匯率")
        ),
    ),
)

TRADE = (PRODUCT, SALES_ORDER, ORDER_STATUS, ORDER_LINE, RETURN_LINE, INVOICE, PAYMENT, FX_RATE)
