"""Mapped classes of core's facts, and what remembers their removal and former versions."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from kith_platform.facts import contact, person, trade
from kith_platform.facts.table import row_class
from kith_tenants.schema import Numbered, TenantRow

CustomerRecord: Any = row_class(person.CUSTOMER_RECORD)
Consent: Any = row_class(person.CONSENT)
AttributeChange: Any = row_class(person.ATTRIBUTE_CHANGE)
Product: Any = row_class(trade.PRODUCT)
SalesOrder: Any = row_class(trade.SALES_ORDER)
OrderStatus: Any = row_class(trade.ORDER_STATUS)
OrderLine: Any = row_class(trade.ORDER_LINE)
ReturnLine: Any = row_class(trade.RETURN_LINE)
Invoice: Any = row_class(trade.INVOICE)
Payment: Any = row_class(trade.PAYMENT)
SubscriptionEvent: Any = row_class(trade.SUBSCRIPTION_EVENT)
FxRate: Any = row_class(trade.FX_RATE)
Ticket: Any = row_class(contact.TICKET)
SurveyResponse: Any = row_class(contact.SURVEY_RESPONSE)
Activity: Any = row_class(contact.ACTIVITY)
Event: Any = row_class(contact.EVENT)
Touch: Any = row_class(contact.TOUCH)
Referral: Any = row_class(contact.REFERRAL)


class FactRemoved(Numbered, TenantRow):
    """A fact's row that is gone, so that the next snapshot drops it too."""

    __tablename__ = "fact_removed"
    __table_args__ = (Index("ix_fact_removed_changed_at", "changed_at", postgresql_using="brin"),)

    fact: Mapped[str]
    row_id: Mapped[int]
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))


class FactVersion(Numbered, TenantRow):
    """A row as it was before an import changed it, so that the import can be undone."""

    __tablename__ = "fact_version"
    __table_args__ = (Index("ix_fact_version_import_id", "tenant_id", "import_id", "fact", "row_id"),)

    import_id: Mapped[int]
    fact: Mapped[str]
    row_id: Mapped[int]
    values: Mapped[dict[str, Any]]
