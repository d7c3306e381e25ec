"""Monitors have tags."""

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; no monitor has a tag yet."""
    op.add_column("monitors", sa.Column("tags", sa.Text(), nullable=False, server_default="[]"))
