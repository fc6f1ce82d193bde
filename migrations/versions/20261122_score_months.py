"""Scores with which each month began."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from kith_tenants.rls import protect
from kith_tenants.schema import Access

revision = '134668433a54'
down_revision = 'f6c4f5d66de2'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table('score_month',
    sa.Column('tenant_id', sa.Integer(), server_default=sa.text('kith.tenant_id()'), nullable=False),
    sa.Column('task', sa.Text(collation='C'), nullable=False),
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('customer_id', sa.BigInteger(), nullable=False),
    sa.Column('value', sa.Double(), nullable=False),
    sa.Column('expected', sa.Double(), nullable=True),
    sa.PrimaryKeyConstraint('tenant_id', 'task', 'month', 'customer_id', name=op.f('pk_score_month')),
    schema='kith'
    )
    protect(op, 'score_month', Access(app='SELECT, INSERT, DELETE'))
