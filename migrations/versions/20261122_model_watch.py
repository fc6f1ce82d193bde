"""What became of models after their training."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from kith_tenants.rls import protect
from sqlalchemy.dialects import postgresql

revision = '102fa5efab34'
down_revision = 'b7c9ea93d19c'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table('model_watch',
    sa.Column('tenant_id', sa.Integer(), server_default=sa.text('kith.tenant_id()'), nullable=False),
    sa.Column('task', sa.Text(collation='C'), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Text(collation='C'), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('numbers', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('noted_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('tenant_id', 'task', 'version', 'kind', 'day', name=op.f('pk_model_watch')),
    schema='kith'
    )
    protect(op, 'model_watch')
