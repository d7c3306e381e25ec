"""Deliveries know how and through what they went, and whether what kept them may pass; earlier ones don't."""

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("alert_deliveries", sa.Column("method", sa.Integer()))
    op.add_column("alert_deliveries", sa.Column("through", sa.String(300)))
    op.add_column("alert_deliveries", sa.Column("failure", sa.String(32)))
