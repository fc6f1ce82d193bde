"""Customers in the universal hold-out are marked by the database itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = "fcf2573cf600"
down_revision = "102fa5efab34"
branch_labels = None
depends_on = None

HASH = "sha256(decode('756e6976657273616c7c', 'hex') || uuid_send(public_id))"
SQL = f"mod(get_byte({HASH}, 0) * 65536 + get_byte({HASH}, 1) * 256 + get_byte({HASH}, 2) * 1, 10000) < 500"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.add_column("customer", sa.Column("held_back", sa.Boolean(), sa.Computed(SQL, persisted=True), nullable=False), schema="kith")
