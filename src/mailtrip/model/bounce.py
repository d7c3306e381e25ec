"""What a server says about a message that it did not deliver."""

from dataclasses import dataclass

__all__ = ["Bounce", "BouncedRecipient"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BouncedRecipient:
    """What became of the message for one recipient (RFC 3464, 2.3); texts are printable and bounded.

    Attributes:
        address: the final recipient; None when none was named.
        action: in lower case: `failed`, `delayed`, `delivered`, `relayed`, `expanded`; a bounce without one is failed.
        status: an enhanced status code such as `5.1.1` (RFC 3463).
        diagnostic: what the refusing server answered.
        remote_mta: who that was.
    """

    address: str | None = None
    action: str = "failed"
    status: str | None = None
    diagnostic: str | None = None
    remote_mta: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """A report about one message.

    Attributes:
        token: of the test message that it is about; None when it quotes none of this installation.
        is_standard: it follows RFC 3464; else it is plain text that was read for its meaning.
    """

    reporting_mta: str | None
    recipients: tuple[BouncedRecipient, ...]
    token: str | None
    is_standard: bool = True

    @property
    def is_final(self) -> bool:
        """Whether delivery has failed for good to somebody: a report of a mere delay is not."""
        return any(recipient.action == "failed" for recipient in self.recipients)

    @property
    def is_mailbox_full(self) -> bool:
        """Whether it failed as the recipient's mailbox is full, by its status (RFC 3463, 3.3: X.2.2)."""
        return any(
            recipient.action == "failed" and (recipient.status or "").endswith(".2.2") for recipient in self.recipients
        )
