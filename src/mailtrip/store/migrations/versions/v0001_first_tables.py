"""The first tables."""

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_FIRST_ID = 100001
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")
_WORD = sa.String(length=32)


def upgrade() -> None:
    """Make all tables, in the order in which they refer to each other."""
    _make_installation()
    _make_accounts()
    _make_locations()
    _make_users()
    _make_tokens()
    _make_monitors()
    _make_runs()
    _make_run_transcripts()
    _make_latest_runs()
    if op.get_bind().dialect.name == "sqlite":
        _start_ids_at_first()


def _start_ids_at_first() -> None:
    for table in ("users", "monitors", "runs"):
        op.execute(
            sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)").bindparams(
                name=table, last=_FIRST_ID - 1
            )
        )


def _make_installation() -> None:
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("change_mark", sa.BigInteger(), nullable=False),
        sa.Column("key_check", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
        comment="one row, id 1: facts of the whole installation; change_mark grows with each change of a monitor",
    )


def _make_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("name", name=op.f("uq_accounts_name")),
    )


def _make_locations() -> None:
    op.create_table(
        "locations",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_locations_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locations")),
        sa.UniqueConstraint("account_id", "name", name=op.f("uq_locations_account_id_name")),
    )


def _make_users() -> None:
    op.create_table(
        "users",
        sa.Column("id", _ID, sa.Identity(start=_FIRST_ID), nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("email_key", sa.String(length=1000), nullable=False, comment="the address, case folded"),
        sa.Column("role", _WORD, nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_users_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email_key", name=op.f("uq_users_email_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_users_account_id"), "users", ["account_id"])


def _make_tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False, comment="SHA-256 of the token"),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_tokens_account_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_tokens_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_tokens")),
    )
    op.create_index(op.f("ix_tokens_expires_at"), "tokens", ["expires_at"])
    op.create_index(op.f("ix_tokens_user_id"), "tokens", ["user_id"])


def _make_monitors() -> None:
    op.create_table(
        "monitors",
        sa.Column("id", _ID, sa.Identity(start=_FIRST_ID), nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("type", _WORD, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("plan_code", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("smtp_server", sa.String(length=300), nullable=False),
        sa.Column("smtp_tls", _WORD, nullable=False),
        sa.Column("smtp_username", sa.String(length=255)),
        sa.Column("smtp_mechanism", _WORD, nullable=False),
        sa.Column("mailbox_protocol", _WORD, nullable=False),
        sa.Column("mailbox_server", sa.String(length=300), nullable=False),
        sa.Column("mailbox_tls", _WORD, nullable=False),
        sa.Column("username", sa.String(length=255)),
        sa.Column("mailbox_mechanism", _WORD, nullable=False),
        sa.Column("sender", sa.String(length=320)),
        sa.Column("tls_verify", sa.Boolean(), nullable=False),
        sa.Column("tls_ca", sa.Text()),
        sa.Column("interval", sa.BigInteger(), nullable=False),
        sa.Column("timeout", sa.BigInteger()),
        sa.Column("warning_time", sa.BigInteger()),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("notify_on_error", sa.Boolean(), nullable=False),
        sa.Column("local_retry", sa.Boolean(), nullable=False),
        sa.Column("location_ids", sa.Text(), nullable=False),
        sa.Column("home_location_id", sa.BigInteger()),
        sa.Column("mode", _WORD, nullable=False),
        sa.Column("locations_per_run", sa.Integer()),
        sa.Column("rotate_locations", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(length=255)),
        sa.Column("alert_note", sa.String(length=1000)),
        sa.Column("custom_properties", sa.Text(), nullable=False),
        sa.Column("mailbox_secret", sa.LargeBinary(), comment="sealed password"),
        sa.Column("smtp_secret", sa.LargeBinary(), comment="sealed password"),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("modified_at", _TIME, nullable=False),
        sa.Column("removed_at", _TIME, comment="a removed monitor stays until its runs are gone, without its secrets"),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("change_mark", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_monitors_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monitors")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_monitors_account_id"), "monitors", ["account_id"])
    op.create_index(op.f("ix_monitors_change_mark"), "monitors", ["change_mark"])


def _make_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", _ID, sa.Identity(start=_FIRST_ID), nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("monitor_id", _ID, nullable=False),
        sa.Column("location_id", _ID, nullable=False),
        sa.Column("slot", _TIME, nullable=False),
        sa.Column("kind", _WORD, nullable=False),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("changed_at", _TIME, nullable=False, comment="when the state was reached"),
        sa.Column("started_at", _TIME),
        sa.Column("recheck_of", sa.BigInteger()),
        sa.Column("note", sa.String(length=1000)),
        sa.Column("verdict", _WORD),
        sa.Column("status", sa.Integer()),
        sa.Column("step", _WORD),
        sa.Column("summary", sa.String(length=1000)),
        sa.Column("token", sa.String(length=255)),
        sa.Column("message_id", sa.String(length=1000)),
        sa.Column("queued_as", sa.String(length=1000)),
        sa.Column("duration", sa.BigInteger()),
        sa.Column("timings", sa.Text()),
        sa.Column("seen_not_before", sa.BigInteger()),
        sa.Column("seen_not_after", sa.BigInteger()),
        sa.Column("lag", sa.BigInteger()),
        sa.Column("sessions", sa.Text()),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_runs_account_id")),
        sa.ForeignKeyConstraint(["location_id"], ["locations.id"], name=op.f("fk_runs_location_id")),
        sa.ForeignKeyConstraint(["monitor_id"], ["monitors.id"], name=op.f("fk_runs_monitor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
        sa.UniqueConstraint(
            "monitor_id", "slot", "location_id", "kind", name=op.f("uq_runs_monitor_id_slot_location_id_kind")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_runs_running",
        "runs",
        ["monitor_id"],
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_index(op.f("ix_runs_slot"), "runs", ["slot"])


def _make_run_transcripts() -> None:
    op.create_table(
        "run_transcripts",
        sa.Column("run_id", _ID, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("is_good", sa.Boolean(), nullable=False),
        sa.Column("slot", _TIME, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False, comment="compressed JSON of all sessions"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_run_transcripts_account_id")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_transcripts_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_run_transcripts")),
    )
    op.create_index(op.f("ix_run_transcripts_is_good_slot"), "run_transcripts", ["is_good", "slot"])


def _make_latest_runs() -> None:
    op.create_table(
        "latest_runs",
        sa.Column("monitor_id", _ID, nullable=False),
        sa.Column("location_id", _ID, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("slot", _TIME, nullable=False),
        sa.Column("verdict", _WORD, nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_latest_runs_account_id")),
        sa.ForeignKeyConstraint(["location_id"], ["locations.id"], name=op.f("fk_latest_runs_location_id")),
        sa.ForeignKeyConstraint(
            ["monitor_id"], ["monitors.id"], name=op.f("fk_latest_runs_monitor_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("monitor_id", "location_id", name=op.f("pk_latest_runs")),
        comment="the newest finished run of each monitor at each location",
    )
