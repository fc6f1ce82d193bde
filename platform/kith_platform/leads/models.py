"""Indexes by which pages read leads: newest first, of one state, and the contacts of one."""

from sqlalchemy import Index

from kith_platform.facts.models import Activity, Lead

Index("ix_lead_occurred_at", Lead.tenant_id, Lead.occurred_at, Lead.id)
Index("ix_lead_status", Lead.tenant_id, Lead.status, Lead.occurred_at, Lead.id)
Index("ix_activity_lead_id", Activity.tenant_id, Activity.lead_id, postgresql_where=Activity.lead_id.is_not(None))
