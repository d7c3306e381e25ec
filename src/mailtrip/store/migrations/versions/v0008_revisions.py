"""Revisions of blackouts, as the other records have them."""

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; blackouts that are there already begin with their first revision."""
    op.add_column("blackouts", sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
