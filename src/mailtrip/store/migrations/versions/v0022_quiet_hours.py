"""Recipients have quiet hours and a daily limit; groups may be urgent."""

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; whoever is there hears of everything at any time, as before."""
    op.add_column("recipients", sa.Column("quiet_hours", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("recipients", sa.Column("time_zone", sa.String(length=64), nullable=False, server_default="UTC"))
    op.add_column("recipients", sa.Column("daily_limit", sa.Integer()))
    for table in ("recipient_groups", "alert_standings", "alerts"):
        op.add_column(table, sa.Column("is_urgent", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("alert_deliveries", sa.Column("occasion", sa.String(length=32)))
