"""Recipients may have templates of their alerts."""

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; those that are there already are told in the usual words."""
    op.add_column("recipients", sa.Column("subject_template", sa.Text()))
    op.add_column("recipients", sa.Column("text_template", sa.Text()))
