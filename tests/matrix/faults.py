"""The fault matrix: all rows of it."""

from tests.matrix.loopback_mailbox import AFTER_ROWS, BEFORE_ROWS, REMOVAL_ROWS
from tests.matrix.loopback_sending import SMTP_ROWS, SUBMIT_ROWS, WAY_ROWS

__all__ = ["LOOPBACK_ROWS"]

LOOPBACK_ROWS = (*BEFORE_ROWS, *SMTP_ROWS, *SUBMIT_ROWS, *WAY_ROWS, *AFTER_ROWS, *REMOVAL_ROWS)
