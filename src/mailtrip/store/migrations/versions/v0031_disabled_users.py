"""Users can be disabled."""

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; all users are enabled."""
    op.add_column("users", sa.Column("enabled", sa.Boolean(), nullable=False, server_default=sa.true()))
