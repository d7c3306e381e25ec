"""An index that holds all that a list has to know of monitors whose settings it has shown before."""

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Put it in the place of the index by account."""
    there = sa.text("removed_at IS NULL")
    op.create_index(
        op.f("ix_monitors_listed"),
        "monitors",
        ["account_id", "id", "type", "revision"],
        sqlite_where=there,
        postgresql_where=there,
    )
    op.drop_index(op.f("ix_monitors_account_id"), table_name="monitors")
