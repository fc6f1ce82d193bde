"""Files of well-known systems, made here with the headers they have: each is recognised, and its columns go where they belong."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from kith_platform.facts.catalogue import CORE_FACTS
from kith_platform.imports.core_templates import CORE_TEMPLATES
from kith_platform.imports.preview import Preview, preview
from kith_platform.imports.templates import plain, recognised
from kith_platform.plugins import PluginRefused, Plugins, check_brought
from kith_platform.sdk.templates import ImportTemplate, TemplateColumn

FACTS = {fact.name: fact for fact in CORE_FACTS}
RETAIL = Plugins()["industry_retail"]
KNOWN: list[ImportTemplate] = [*CORE_TEMPLATES, *RETAIL.brings["import_templates"]]
# Per template a file's header and lines with | between, in the order and words of the system, and columns without a place, too.
FILES: dict[str, tuple[str, ...]] = {
    "salesforce_contacts": (
        "Salutation|First Name|Last Name|Title|Account Name|Mailing Street|Mailing City|Mailing State/Province|"
        "Mailing Zip/Postal Code|Mailing Country|Phone|Mobile|Email|Contact ID|Lead Source|Created Date|"
        "Last Modified Date",
        "Ms.|Mei|Tanaka|Buyer|Harbour & Finch|1 Quay|Bristol||BS1 4RB|United Kingdom|+44 117 496 0001||"
        "mei@kith.example|0035g00000AbCdE|Web|2024-03-05|2026-01-31",
    ),
    "hubspot_contacts": (
        "Record ID|First Name|Last Name|Email|Phone Number|Contact owner|Lifecycle Stage|Create Date",
        "101|Ana|Duarte|ana@kith.example|+351 21 555 0101|Joe|Lead|2025-11-02 09:31",
    ),
    "stripe_payments": (
        "id|Created date (UTC)|Amount|Amount Refunded|Currency|Captured|Customer ID|Customer Email|Status",
        "ch_1|2026-02-03 10:11:12|129.90|0.00|eur|true|cus_1|ana@kith.example|Paid",
    ),
    "bank_transactions": (
        "IBAN|Account holder|Booking date|Value date|Amount|Currency|Booking text",
        "DE02120300000000202051|Nora Lind|03.02.2026|03.02.2026|1.204,50|EUR|Transfer",
    ),
    "telecom_usage": (
        "MSISDN|Call start|Duration (min)|Called number",
        "447700900001|2026-02-03 10:11:12|3.5|447700900002",
    ),
    "shopify_orders": (
        "Name|Email|Financial Status|Paid at|Fulfillment Status|Accepts Marketing|Currency|Subtotal|Shipping|"
        "Taxes|Total|Discount Code|Discount Amount|Created at|Lineitem quantity|Lineitem name|Lineitem price|"
        "Lineitem sku|Billing Name|Billing City|Billing Zip|Billing Country|Id|Source",
        "#1001|ana@kith.example|paid|2026-02-03 10:12:00 +0100|fulfilled|yes|EUR|50.00|4.90|9.50|64.40||0.00|"
        "2026-02-03 10:11:12 +0100|2|Filter paper|10.00|FP-1|Ana Duarte|Lisboa|1100|PT|5001|web",
        "#1001|ana@kith.example||||||||||||2026-02-03 10:11:12 +0100|1|Kettle|30.00|KT-1||||||",
    ),
    "shopify_customers": (
        "Customer ID|First Name|Last Name|Email|Accepts Email Marketing|Default Address Address1|"
        "Default Address City|Default Address Province Code|Default Address Country Code|Default Address Zip|Phone",
        "'7001|Ana|Duarte|ana@kith.example|yes|Rua 1|Lisboa||PT|1100|+351215550101",
    ),
    "woocommerce_orders": (
        "Order Number|Order Status|Order Date|First Name (Billing)|Last Name (Billing)|Email (Billing)|"
        "Phone (Billing)|City (Billing)|Postcode (Billing)|Country Code (Billing)|First Name (Shipping)|"
        "Order Subtotal Amount|Order Total Tax Amount|Cart Discount Amount|SKU|Item Name|Quantity (- Refund)|"
        "Item Cost",
        "881|Processing|2026-02-03 10:11|Ana|Duarte|ana@kith.example|351215550101|Lisboa|1100|PT|Ana|20|4.6|0|"
        "FP-1|Filter paper|2|10",
    ),
    "magento_orders": (
        "ID|Purchase Point|Purchase Date|Bill-to Name|Grand Total (Base)|Status|Subtotal|Customer Email",
        "000000012|Main Website|2026-02-03 10:11:12|Ana Duarte|64.40|complete|50.00|ana@kith.example",
    ),
    "taobao_orders": (
        "订单编号|买家会员名|买家应付货款|总金额|买家实际支付金额|订单状态|收货人姓名|收货地址 |联系手机|"
        "订单创建时间|订单付款时间 |宝贝标题 |宝贝总数量|店铺名称",
        "2026020300001|小梅|128.00|128.00|118.00|卖家已发货，等待买家确认|李梅|杭州市|13800138000|"
        "2026-02-03 10:11:12|2026-02-03 10:12:00|滤纸|2|海港旗舰店",
    ),
    "youzan_orders": (
        "订单号|订单状态|订单创建时间|买家手机号|收货人/提货人|收货人省份|收货人城市|商品名称|商品编码|商品单价|"
        "商品数量|订单实付金额|归属店铺",
        "E2026020301|交易完成|2026-02-03 10:11:12|13800138000|李梅|浙江省|杭州市|滤纸|FP-1|10.00|2|20.00|海港有赞店",
    ),
    "jd_orders": (
        "订单号|商品ID|商品名称|订购数量|支付方式|下单时间|京东价|订单金额|应付金额|订单状态|下单帐号|客户姓名|客户地址|联系电话",
        "260203001|FP-1|滤纸|2|在线支付|2026-02-03 10:11:12|10.00|20.00|20.00|完成|jd_mei|李梅|杭州市|13800138000",
    ),
}


def written(key: str) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(line.split("|") for line in FILES[key])
    return text.getvalue().encode()


def seen(key: str) -> Preview:
    template = next(one for one in KNOWN if one.key == key)
    return preview(lambda: io.BytesIO(written(key)), template.table, FACTS, template=template, zone="Europe/Lisbon")


def test_every_template_has_a_file_here() -> None:
    assert {one.key for one in KNOWN} == set(FILES)
    assert len(RETAIL.brings["import_templates"]) >= 6


@pytest.mark.parametrize("key", FILES)
def test_the_file_is_recognised_and_read_without_a_problem(key: str) -> None:
    found = seen(key)
    template = recognised(found.dialect, KNOWN)
    assert template is not None
    assert template.key == key
    assert found.guess.missing_required == ()
    assert found.problems == ()
    assert found.rejected == ()


@pytest.mark.parametrize(
    ("key", "target", "value"),
    [
        ("salesforce_contacts", "customer_record.external_id", "0035g00000AbCdE"),
        ("salesforce_contacts", "customer_record.phone", None),
        ("hubspot_contacts", "customer_record.family_name", "Duarte"),
        ("stripe_payments", "payment.customer", "cus_1"),
        ("shopify_orders", "sales_order.external_id", "#1001"),
        ("shopify_orders", "sales_order.status", "paid"),
        ("shopify_orders", "order_line.product", "FP-1"),
        ("woocommerce_orders", "sales_order.status", "paid"),
        ("woocommerce_orders", "customer_record.given_name", "Ana"),
        ("magento_orders", "sales_order.status", "delivered"),
        ("taobao_orders", "sales_order.status", "shipped"),
        ("taobao_orders", "sales_order.customer", "小梅"),
        ("youzan_orders", "product.name", "滤纸"),
        ("jd_orders", "sales_order.status", "delivered"),
    ],
)
def test_columns_go_where_they_belong(key: str, target: str, value: Any) -> None:
    assert seen(key).parsed[target][0] == value


def test_amounts_and_dates_are_read_as_the_file_writes_them() -> None:
    parsed = seen("bank_transactions").parsed
    assert float(parsed["payment.amount"][0]) == 1204.5
    assert str(parsed["payment.paid_at"][0]).startswith("2026-02-0")


def test_a_constant_stands_where_no_column_is() -> None:
    assert seen("telecom_usage").guess.mapping.constants == (("event.name", "call"),)


def test_other_files_are_not_taken_for_one() -> None:
    header = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]
    data = ",".join(header) + "\n1,A,Mug,2,2026-01-01,3.5,17850,UK\n"
    found = preview(lambda: io.BytesIO(data.encode()), "orders", FACTS)
    assert recognised(found.dialect, KNOWN) is None


def test_letter_case_spaces_and_signs_of_a_header_make_no_difference() -> None:
    assert plain(" Email (Billing) ") == plain("email_billing")
    assert plain("訂單編號") == plain("订单编号")


@pytest.mark.parametrize(
    ("table", "target", "says"),
    [("shoes", "customer_record.name", "fills 'shoes'"), ("customers", "customer_record.shoe_size", "no place for a column")],
)
def test_a_plugin_whose_template_leads_nowhere_is_refused(table: str, target: str, says: str) -> None:
    column = TemplateColumn(headers=("Name",), target=target)
    wrong = ImportTemplate(key="x", name="X", table=table, needs=(target,), columns=(column,))
    plugin = RETAIL.__class__(RETAIL.manifest, RETAIL.folder, {**RETAIL.brings, "import_templates": (wrong,)})
    with pytest.raises(PluginRefused, match=says):
        check_brought(plugin, [])
