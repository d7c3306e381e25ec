"""The only place that opens mail connections: SMTP, POP3 and IMAP grammars without I/O, and one driver for all three."""

from mailtrip.mail.client import MailClient

__all__ = ["MailClient"]
