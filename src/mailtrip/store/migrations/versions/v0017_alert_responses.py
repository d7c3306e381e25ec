"""People may take trouble on that they were told of, or put it off."""

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_TIME = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Add the columns; nobody has answered anything yet."""
    for table in ("alert_standings", "alerts"):
        op.add_column(table, sa.Column("acknowledged_at", _TIME))
        op.add_column(table, sa.Column("acknowledged_by", sa.String(length=255)))
        op.add_column(table, sa.Column("snoozed_until", _TIME))
    op.add_column("alert_standings", sa.Column("snoozed_status", sa.Integer()))
    op.add_column("alerts", sa.Column("snoozed_by", sa.String(length=255)))
