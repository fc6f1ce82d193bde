"""Mapped classes of core's facts, and what remembers their removal and former versions."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from kith_platform.facts import (
    contact,
    insights,
    opinions,
    person,
    returns,
    sales,
    stakeholders,
    subscriptions,
    success,
    tickets,
    trade,
)
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
SubscriptionEvent: Any = row_class(subscriptions.SUBSCRIPTION_EVENT)
FxRate: Any = row_class(trade.FX_RATE)
Ticket: Any = row_class(tickets.TICKET)
SurveyResponse: Any = row_class(opinions.SURVEY_RESPONSE)
Activity: Any = row_class(contact.ACTIVITY)
Event: Any = row_class(contact.EVENT)
Touch: Any = row_class(contact.TOUCH)
Referral: Any = row_class(contact.REFERRAL)
TicketStatus: Any = row_class(tickets.TICKET_STATUS)
RatedPost: Any = row_class(opinions.RATED_POST)
Lead: Any = row_class(sales.LEAD)
Opportunity: Any = row_class(sales.OPPORTUNITY)
OpportunityStage: Any = row_class(sales.OPPORTUNITY_STAGE)
Target: Any = row_class(sales.TARGET)
Entitlement: Any = row_class(subscriptions.ENTITLEMENT)
OnboardingStep: Any = row_class(subscriptions.ONBOARDING_STEP)
Commitment: Any = row_class(success.COMMITMENT)
Outcome: Any = row_class(success.OUTCOME)
ContactPlan: Any = row_class(success.CONTACT_PLAN)
Handoff: Any = row_class(success.HANDOFF)
Leaving: Any = row_class(success.LEAVING)
Advocacy: Any = row_class(success.ADVOCACY)
Initiative: Any = row_class(returns.INITIATIVE_STARTED)
Cost: Any = row_class(returns.COST)
Benefit: Any = row_class(returns.BENEFIT)
Insight: Any = row_class(insights.INSIGHT)
ReportDelivery: Any = row_class(insights.REPORT_DELIVERY)
Forecast: Any = row_class(insights.FORECAST)
MarketSignal: Any = row_class(insights.MARKET_SIGNAL)
Wallet: Any = row_class(insights.WALLET)
SupplierTx: Any = row_class(stakeholders.SUPPLIER_TX)
PartnerTx: Any = row_class(stakeholders.PARTNER_TX)
EmployeeSnapshot: Any = row_class(stakeholders.EMPLOYEE_SNAPSHOT)
WorkDay: Any = row_class(stakeholders.WORK_DAY)


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
