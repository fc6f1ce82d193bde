"""Import templates that every company has; those of an industry come with its module."""

from __future__ import annotations

from kith_platform.i18n import N_
from kith_platform.sdk.templates import ImportTemplate
from kith_platform.sdk.templates import TemplateColumn as Column

SALESFORCE_CONTACTS = ImportTemplate(
    key="salesforce_contacts",
    name=N_("Salesforce contacts"),
    table="customers",
    needs=("customer_record.external_id", "customer_record.family_name", "customer_record.email"),
    columns=(
        Column(headers=("Contact ID",), target="customer_record.external_id"),
        Column(headers=("First Name",), target="customer_record.given_name"),
        Column(headers=("Last Name",), target="customer_record.family_name"),
        Column(headers=("Email",), target="customer_record.email"),
        Column(headers=("Mobile", "Mobile Phone", "Phone"), target="customer_record.phone"),
        Column(headers=("Mailing Street",), target="customer_record.address"),
        Column(headers=("Mailing City",), target="customer_record.city"),
        Column(headers=("Mailing State/Province", "Mailing State"), target="customer_record.region"),
        Column(headers=("Mailing Zip/Postal Code", "Mailing Postal Code"), target="customer_record.postcode"),
        Column(headers=("Mailing Country",), target="customer_record.country"),
        Column(headers=("Lead Source",), target="customer_record.entry_channel"),
        Column(headers=("Account ID",), target="customer_record.contact_of"),
        Column(headers=("Created Date",), target="customer_record.since"),
        Column(headers=("Last Modified Date",), target="customer_record.verified_at"),
    ),
)
HUBSPOT_CONTACTS = ImportTemplate(
    key="hubspot_contacts",
    name=N_("HubSpot contacts"),
    table="customers",
    needs=("customer_record.external_id", "customer_record.email", "customer_record.since"),
    columns=(
        Column(headers=("Record ID", "Record ID - Contact"), target="customer_record.external_id"),
        Column(headers=("First Name",), target="customer_record.given_name"),
        Column(headers=("Last Name",), target="customer_record.family_name"),
        Column(headers=("Email",), target="customer_record.email"),
        Column(headers=("Phone Number", "Mobile Phone Number"), target="customer_record.phone"),
        Column(headers=("Street Address",), target="customer_record.address"),
        Column(headers=("City",), target="customer_record.city"),
        Column(headers=("State/Region",), target="customer_record.region"),
        Column(headers=("Postal Code",), target="customer_record.postcode"),
        Column(headers=("Country/Region",), target="customer_record.country"),
        Column(headers=("Preferred language",), target="customer_record.language"),
        Column(headers=("Original Source", "Original Traffic Source"), target="customer_record.entry_channel"),
        Column(headers=("Create Date",), target="customer_record.since"),
        Column(headers=("Last Modified Date",), target="customer_record.verified_at"),
    ),
)
STRIPE_PAYMENTS = ImportTemplate(
    key="stripe_payments",
    name=N_("Stripe payments"),
    table="payments",
    needs=("payment.external_id", "payment.paid_at", "payment.amount", "payment.customer"),
    columns=(
        Column(headers=("id",), target="payment.external_id"),
        Column(headers=("Created date (UTC)", "Created (UTC)"), target="payment.paid_at", order="ymd"),
        Column(headers=("Amount",), target="payment.amount"),
        Column(headers=("Currency",), target="payment.currency"),
        Column(headers=("Customer ID",), target="payment.customer"),
        Column(headers=("Customer Email",), target="customer_record.email"),
        Column(headers=("Payment Source Type", "Card Brand"), target="payment.method"),
        Column(headers=("Captured",), target="payment.succeeded"),
    ),
)
BANK_TRANSACTIONS = ImportTemplate(
    key="bank_transactions",
    name=N_("Bank transactions"),
    table="payments",
    needs=("payment.paid_at", "payment.amount", "payment.customer"),
    columns=(
        Column(headers=("Transaction ID", "Transaction reference", "交易流水号", "流水号"), target="payment.external_id"),
        Column(headers=("IBAN", "Account number", "Account No", "账号", "客户账号", "帳號"), target="payment.customer"),
        Column(headers=("Account holder", "户名", "戶名"), target="customer_record.name"),
        Column(headers=("Booking date", "Posting date", "Value date", "记账日期", "交易日期"), target="payment.paid_at"),
        Column(headers=("Amount", "Transaction amount", "交易金额", "交易金額"), target="payment.amount"),
        Column(headers=("Currency", "币种", "幣別"), target="payment.currency"),
        Column(headers=("Transaction type", "Booking text", "交易类型", "交易類型"), target="payment.method"),
    ),
)
TELECOM_USAGE = ImportTemplate(
    key="telecom_usage",
    name=N_("Telephone usage records"),
    table="events",
    needs=("event.happened_at", "event.customer", "event.minutes"),
    constants={"event.name": "call"},
    columns=(
        Column(headers=("MSISDN", "Calling number", "Subscriber number", "主叫号码", "手机号码"), target="event.customer"),
        Column(headers=("Call start", "Start time", "Call date", "通话开始时间", "开始时间"), target="event.happened_at"),
        Column(headers=("Minutes", "Duration (min)", "Duration minutes", "通话时长(分钟)"), target="event.minutes"),
        Column(headers=("Usage type", "Service type", "Call type", "业务类型", "通话类型"), target="event.name"),
        Column(headers=("Data volume", "Volume (MB)", "流量(MB)"), target="event.amount"),
        Column(headers=("Called number", "被叫号码", "Roaming", "漫游类型"), target="event.detail"),
    ),
)
CORE_TEMPLATES = (SALESFORCE_CONTACTS, HUBSPOT_CONTACTS, STRIPE_PAYMENTS, BANK_TRANSACTIONS, TELECOM_USAGE)
