"""Recipients may count errors among their last runs instead of errors in a row."""

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; those that are there already count errors in a row, as they did."""
    op.add_column("recipients", sa.Column("error_window", sa.Integer()))
    op.add_column("alert_standings", sa.Column("history", sa.BigInteger(), nullable=False, server_default="0"))
