"""Web addresses of recipients can be sealed; the service seals those that are there when it starts."""

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column(
        "recipients", sa.Column("sealed_address", sa.LargeBinary(), comment="the whole URL; NULL for other addresses")
    )
