"""API tokens for programs."""

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_FIRST_ID = 100001
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Add the table; nobody has such a token yet."""
    op.create_table(
        "api_tokens",
        sa.Column("id", _ID, sa.Identity(start=_FIRST_ID), nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("user_id", _ID, comment="NULL for the operator"),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False, comment="SHA-256 of the token"),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("scopes", sa.Text(), comment="NULL for all that the role allows"),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME),
        sa.Column("last_used_at", _TIME),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_api_tokens_account_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_api_tokens_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name == "sqlite":
        start = sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('api_tokens', :last)")
        op.execute(start.bindparams(last=_FIRST_ID - 1))
    op.create_index(op.f("ix_api_tokens_account_id"), "api_tokens", ["account_id"])
    op.create_index(op.f("ix_api_tokens_user_id"), "api_tokens", ["user_id"])
    op.create_index(op.f("ix_api_tokens_digest"), "api_tokens", ["digest"], unique=True)
