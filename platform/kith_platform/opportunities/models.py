"""What a company settles of its selling, and the indexes by which pages read the facts of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Index, or_, text
from sqlalchemy.orm import Mapped, mapped_column

from kith_platform.facts.models import Activity, Opportunity, OpportunityStage
from kith_tenants.schema import TenantRow

# The board reads the newest open ones of a stage, lists read all by time, a page reads one opportunity's history.
Index(
    "ix_opportunity_open",
    Opportunity.tenant_id,
    Opportunity.stage,
    Opportunity.occurred_at,
    Opportunity.id,
    postgresql_where=or_(Opportunity.status.is_(None), Opportunity.status == "open"),
)
Index("ix_opportunity_occurred_at", Opportunity.tenant_id, Opportunity.occurred_at, Opportunity.id)
Index(
    "ix_opportunity_closed_at",
    Opportunity.tenant_id,
    Opportunity.closed_at,
    postgresql_where=Opportunity.closed_at.is_not(None),
)
Index("ix_opportunity_stage_opportunity_id", OpportunityStage.tenant_id, OpportunityStage.opportunity_id)
Index(
    "ix_activity_opportunity_id",
    Activity.tenant_id,
    Activity.opportunity_id,
    postgresql_where=Activity.opportunity_id.is_not(None),
)


class SalesSetting(TenantRow):
    """One row a tenant: its own stages ([{key, name, probability}] in order) and reasons of a loss; null: the usual ones.

    A stage's key is what facts hold; its name, empty for a usual stage, what people read.
    """

    __tablename__ = "sales_setting"

    stages: Mapped[list[Any] | None]
    loss_reasons: Mapped[list[Any] | None]
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))
