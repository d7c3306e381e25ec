"""Groups tell others of what nobody acknowledges."""

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_TIME = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")
_WANTED = sa.text("escalates_at IS NOT NULL")


def upgrade() -> None:
    """Add the columns; nothing is escalated by the groups that are there."""
    op.add_column("recipient_groups", sa.Column("escalate_after", sa.BigInteger()))
    op.add_column("recipient_groups", sa.Column("escalate_to", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("alert_standings", sa.Column("escalates_at", _TIME))
    op.add_column("alert_standings", sa.Column("is_escalated", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(
        "ix_alert_standings_escalating",
        "alert_standings",
        ["escalates_at"],
        sqlite_where=_WANTED,
        postgresql_where=_WANTED,
    )
