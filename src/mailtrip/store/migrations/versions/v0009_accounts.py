"""Several accounts with limits, users with a name to the outside, and who may do what with which monitors."""

import secrets

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_TIME = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Add the columns. The account that is there has no limits, its location serves all, its users may edit all."""
    op.add_column(
        "installation",
        sa.Column(
            "last_account_id", sa.BigInteger(), nullable=False, server_default="1", comment="numbers are given out once"
        ),
    )
    op.add_column("accounts", sa.Column("removed_at", _TIME, comment="a removed account stays until its runs are gone"))
    op.add_column("accounts", sa.Column("most_monitors", sa.Integer()))
    op.add_column("accounts", sa.Column("most_users", sa.Integer()))
    op.add_column("accounts", sa.Column("shortest_interval", sa.BigInteger()))
    op.add_column(
        "locations",
        sa.Column(
            "is_private", sa.Boolean(), nullable=False, server_default=sa.false(), comment="serves its account only"
        ),
    )
    _extend_users()


def _extend_users() -> None:
    op.add_column("users", sa.Column("guid", sa.String(length=32), nullable=False, server_default=""))
    for name in ("first_name", "last_name", "work_phone"):
        op.add_column("users", sa.Column(name, sa.String(length=255)))
    op.add_column(
        "users", sa.Column("access", sa.Text(), comment="what may be done with which monitors; NULL for Edit on all")
    )
    bind = op.get_bind()
    for user_id in bind.execute(sa.text("SELECT id FROM users")).scalars().all():
        values = {"guid": secrets.token_hex(16), "id": user_id}
        bind.execute(sa.text("UPDATE users SET guid = :guid WHERE id = :id"), values)
    op.create_index(op.f("ix_users_guid"), "users", ["guid"], unique=True)
