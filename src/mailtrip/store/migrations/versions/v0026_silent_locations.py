"""Locations that fall silent are told of."""

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Add the columns and the table; no location is known to be silent."""
    op.add_column("locations", sa.Column("silent_since", _TIME))
    op.add_column("alerts", sa.Column("location_id", sa.BigInteger()))
    op.create_table(
        "alert_silence_tellings",
        sa.Column("recipient_id", _ID, nullable=False),
        sa.Column("location_id", _ID, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("since", _TIME, nullable=False),
        sa.Column("is_urgent", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recipient_id"],
            ["recipients.id"],
            name=op.f("fk_alert_silence_tellings_recipient_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["location_id"], ["locations.id"], name=op.f("fk_alert_silence_tellings_location_id")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_alert_silence_tellings_account_id")),
        sa.PrimaryKeyConstraint("recipient_id", "location_id", name=op.f("pk_alert_silence_tellings")),
        comment="which recipients were told that a location is silent, and since when it was; kept until its end is told",
    )
