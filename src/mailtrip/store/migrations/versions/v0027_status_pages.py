"""Public status pages, and incidents."""

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_FIRST_ID = 100001
_TIME = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Add the tables; nobody has a status page yet."""
    _add_pages()
    _add_incidents()


def _add_pages() -> None:
    op.create_table(
        "status_pages",
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("slug", sa.String(43), nullable=False),
        sa.Column("key", sa.String(36), nullable=False),
        sa.Column("title", sa.String(100), nullable=False),
        sa.Column("text", sa.Text()),
        sa.Column("is_published", sa.Boolean(), nullable=False),
        sa.Column("logo", sa.LargeBinary()),
        sa.Column("logo_type", sa.String(32)),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_status_pages_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_status_pages")),
        sa.UniqueConstraint("slug", name=op.f("uq_status_pages_slug")),
    )
    op.create_table(
        "status_entries",
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("monitor_id", _ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(36), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("group", sa.String(100)),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_status_entries_account_id")),
        sa.ForeignKeyConstraint(
            ["monitor_id"], ["monitors.id"], name=op.f("fk_status_entries_monitor_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "monitor_id", name=op.f("pk_status_entries")),
        comment="monitors under the names by which the public knows them",
    )
    op.create_index(op.f("ix_status_entries_monitor_id"), "status_entries", ["monitor_id"])


def _add_incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", _ID, sa.Identity(start=_FIRST_ID), nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("key", sa.String(36), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("began_at", _TIME, nullable=False),
        sa.Column("resolved_at", _TIME),
        sa.Column("monitor_ids", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_incidents_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_incidents_account_id_began_at"), "incidents", ["account_id", "began_at"])
    if op.get_bind().dialect.name == "sqlite":
        start = sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('incidents', :last)")
        op.execute(start.bindparams(last=_FIRST_ID - 1))
    op.create_table(
        "incident_updates",
        sa.Column("incident_id", _ID, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("key", sa.String(36), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_incident_updates_incident_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_incident_updates_account_id")),
        sa.PrimaryKeyConstraint("incident_id", "number", name=op.f("pk_incident_updates")),
    )
