"""Sessions of the dashboard say from which browser and network they began."""

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; of sessions that are there, neither is known."""
    op.add_column(
        "web_sessions", sa.Column("browser", sa.String(64), comment="its kind and system in words; NULL where unknown")
    )
    op.add_column(
        "web_sessions",
        sa.Column("network", sa.String(64), comment="the address that it began from, without its last part"),
    )
