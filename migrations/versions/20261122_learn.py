"""The app role may have a table of ours analysed, and nothing more."""

from __future__ import annotations

from alembic import op

from kith_tenants.statistics import learn_function

revision = "c4d8a1f07b2e"
down_revision = "0e897026034e"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in learn_function():
        op.execute(statement)
