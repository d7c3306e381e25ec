"""Recipients may name another one that is told where they can't be."""

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; those that are there already have no fall-back."""
    op.add_column("recipients", sa.Column("fallback_id", sa.BigInteger()))
    op.add_column("alert_deliveries", sa.Column("fallback_for", sa.String(32)))
