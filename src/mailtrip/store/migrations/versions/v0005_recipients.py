"""Recipients of alerts, and groups of them."""

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_FIRST_ID = 100001
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Add the tables; all are empty at first."""
    _make_recipients()
    _make_recipient_groups()
    _make_members("monitor")
    _make_members("recipient")
    if op.get_bind().dialect.name == "sqlite":
        _set_first_ids()


def _set_first_ids() -> None:
    for table in ("recipients", "recipient_groups"):
        op.execute(
            sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)").bindparams(
                name=table, last=_FIRST_ID - 1
            )
        )


def _make_recipients() -> None:
    op.create_table(
        "recipients",
        sa.Column("id", _ID, sa.Identity(start=_FIRST_ID), nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("name", sa.String(length=255)),
        sa.Column("method", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=2000), nullable=False),
        sa.Column("username", sa.String(length=255)),
        sa.Column("secret", sa.LargeBinary(), comment="sealed password"),
        sa.Column("availability_alert", sa.Boolean(), nullable=False),
        sa.Column("performance_alert", sa.Boolean(), nullable=False),
        sa.Column("performance_alert_type", sa.Integer(), nullable=False),
        sa.Column("repeat_performance_alerts", sa.Boolean(), nullable=False),
        sa.Column("notify_on_clear", sa.Boolean(), nullable=False),
        sa.Column("start_threshold", sa.Integer(), nullable=False),
        sa.Column("stop_threshold", sa.Integer(), nullable=False),
        sa.Column("attach_screen_capture", sa.Boolean(), nullable=False),
        sa.Column("attach_server_response", sa.Boolean(), nullable=False),
        sa.Column("remote_commands", sa.Boolean(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("modified_at", _TIME, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_recipients_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recipients")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_recipients_account_id"), "recipients", ["account_id"])


def _make_recipient_groups() -> None:
    op.create_table(
        "recipient_groups",
        sa.Column("id", _ID, sa.Identity(start=_FIRST_ID), nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("status_codes", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("modified_at", _TIME, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_recipient_groups_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recipient_groups")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_recipient_groups_account_id"), "recipient_groups", ["account_id"])


def _make_members(kind: str) -> None:
    """Which monitors, or recipients, are in which groups."""
    table, column = f"recipient_group_{kind}s", f"{kind}_id"
    op.create_table(
        table,
        sa.Column("group_id", _ID, nullable=False),
        sa.Column(column, _ID, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["recipient_groups.id"], name=op.f(f"fk_{table}_group_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint([column], [f"{kind}s.id"], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f(f"fk_{table}_account_id")),
        sa.PrimaryKeyConstraint("group_id", column, name=op.f(f"pk_{table}")),
    )
    op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
