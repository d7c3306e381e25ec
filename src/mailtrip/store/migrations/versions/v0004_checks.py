"""Checks of one server: its port and address where they are set apart from its name, and what it is to offer."""

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the settings; monitors that are there already have none of them."""
    op.add_column("monitors", sa.Column("port", sa.Integer()))
    op.add_column("monitors", sa.Column("address", sa.String(45)))
    op.add_column("monitors", sa.Column("capabilities", sa.Text(), nullable=False, server_default="[]"))
