"""Groups tell other groups of what nobody acknowledges."""

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; the groups that are there escalate to none."""
    op.add_column("recipient_groups", sa.Column("escalate_to_groups", sa.Text(), nullable=False, server_default="[]"))
