"""The ledger: tokens at the claim, verdicts that are revised, strays, and rechecks."""

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_FIRST_ID = 1
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")
_WORD = sa.String(length=32)
_AWAITED = "verdict IN ('missing', 'undecided', 'mailbox-unreachable')"


def upgrade() -> None:
    """Add what is new; runs that are there already keep their verdicts."""
    _widen_runs()
    # 207: the message could not be deleted. When it shows up again, it is no second copy.
    op.execute("UPDATE runs SET left_behind = 1 WHERE status = 207")
    _make_run_revisions()
    _make_run_strays()


def _widen_runs() -> None:
    op.add_column("runs", sa.Column("accepted_at", _TIME))
    op.add_column("runs", sa.Column("recheck_id", sa.BigInteger()))
    op.add_column("runs", sa.Column("verified", sa.Boolean()))
    op.add_column("runs", sa.Column("delay", sa.BigInteger()))
    op.add_column("runs", sa.Column("deferred_for", sa.BigInteger()))
    op.add_column("runs", sa.Column("copies", sa.Integer()))
    op.add_column("runs", sa.Column("left_behind", sa.Integer()))
    op.add_column("runs", sa.Column("findings", sa.Text()))
    op.create_index(op.f("ix_runs_token"), "runs", ["token"], unique=True)
    op.create_index(
        "ix_runs_awaited", "runs", ["slot"], sqlite_where=sa.text(_AWAITED), postgresql_where=sa.text(_AWAITED)
    )


def _make_run_revisions() -> None:
    op.create_table(
        "run_revisions",
        sa.Column("id", _ID, sa.Identity(start=_FIRST_ID), nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("run_id", _ID, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("verdict", _WORD, nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("summary", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_run_revisions_account_id")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_revisions_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_revisions")),
        comment="verdicts that are no longer in force, and since when they had been",
    )
    op.create_index(op.f("ix_run_revisions_run_id"), "run_revisions", ["run_id"])


def _make_run_strays() -> None:
    op.create_table(
        "run_strays",
        sa.Column("run_id", _ID, nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False, comment="SHA-256 of folder and key"),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("seen_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_run_strays_account_id")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_strays_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "digest", name=op.f("pk_run_strays")),
        comment="messages that were found after their run had ended: seen again, they are no further copies",
    )
