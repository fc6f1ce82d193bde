"""Metric values of units of a grain, and what a value had been before late data changed it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from kith_tenants.rls import protect
from kith_tenants.schema import Access

revision = 'f6c4f5d66de2'
down_revision = '071ae97abbb6'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table('metric_version',
    sa.Column('tenant_id', sa.Integer(), server_default=sa.text('kith.tenant_id()'), nullable=False),
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('key', sa.Text(collation='C'), nullable=False),
    sa.Column('grain', sa.Text(collation='C'), nullable=False),
    sa.Column('unit', sa.Text(collation='C'), nullable=False),
    sa.Column('period_start', sa.Date(), nullable=False),
    sa.Column('period_end', sa.Date(), nullable=False),
    sa.Column('value', sa.Double(), nullable=True),
    sa.Column('n', sa.BigInteger(), nullable=False),
    sa.Column('reason', sa.Text(collation='C'), nullable=False),
    sa.Column('snapshot', sa.Uuid(), nullable=False),
    sa.Column('computed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('replaced_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('tenant_id', 'id', name=op.f('pk_metric_version')),
    schema='kith'
    )
    op.create_index('ix_metric_version_key', 'metric_version', ['tenant_id', 'key', 'grain', 'unit', 'period_start'], unique=False, schema='kith')
    op.add_column('metric_period', sa.Column('grain', sa.Text(collation='C'), server_default='tenant', nullable=False), schema='kith')
    op.drop_constraint("pk_metric_period", "metric_period", schema="kith")
    op.create_primary_key("pk_metric_period", "metric_period", ["tenant_id", "grain", "period_start", "period_end"], schema="kith")
    op.alter_column(
        "metric_value",
        "unit",
        existing_type=sa.BIGINT(),
        type_=sa.Text(collation="C"),
        existing_nullable=False,
        postgresql_using="CASE WHEN unit = 0 THEN '' ELSE unit::text END",
        schema="kith",
    )
    protect(op, 'metric_version', Access(app='SELECT, INSERT, DELETE'))
