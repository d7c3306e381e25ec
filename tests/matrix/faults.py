"""The fault matrix: all rows of it, in the order of the page."""

from tests.matrix import loopback_afterwards, loopback_mailbox, loopback_sending, real_mailbox, real_sending
from tests.matrix.rows import Row

__all__ = ["ROWS"]

ROWS: tuple[Row, ...] = (
    *real_mailbox.REAL_BEFORE_ROWS,
    *loopback_mailbox.BEFORE_ROWS,
    *real_sending.REAL_SMTP_ROWS,
    *loopback_sending.SMTP_ROWS,
    *real_sending.REAL_SUBMIT_ROWS,
    *loopback_sending.SUBMIT_ROWS,
    *real_sending.REAL_WAY_ROWS,
    *loopback_sending.WAY_ROWS,
    *real_mailbox.REAL_AFTER_ROWS,
    *loopback_mailbox.AFTER_ROWS,
    *real_mailbox.REAL_REMOVAL_ROWS,
    *loopback_mailbox.REMOVAL_ROWS,
    *loopback_afterwards.AFTERWARDS_ROWS,
)
