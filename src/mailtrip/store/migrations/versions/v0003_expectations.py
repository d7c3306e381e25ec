"""What monitors expect beyond arrival, and the folders they look into."""

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the settings; monitors that are there already get the defaults."""
    op.add_column("monitors", sa.Column("folders", sa.Text(), nullable=False, server_default="[]"))
    for name in ("expect_spf", "expect_dkim", "expect_dmarc"):
        op.add_column("monitors", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("monitors", sa.Column("certificate_days", sa.Integer(), nullable=False, server_default="14"))
