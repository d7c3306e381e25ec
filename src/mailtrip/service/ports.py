"""What the use cases need of others."""

from typing import Protocol

from mailtrip.model import Run

__all__ = ["RunQueue", "Secrets"]


class RunQueue(Protocol):
    """Where a claimed run goes to be made."""

    def put(self, run: Run) -> None:
        """Take a run that is stored as running; raises RateLimited when too many wait."""
        ...


class Secrets(Protocol):
    """Passwords at rest."""

    def digest(self, content: bytes) -> bytes:
        """32 bytes that are the same for the same content only; nobody can guess the content without the key."""
        ...

    def seal(self, text: str) -> bytes:
        """The text encrypted, different each time."""
        ...

    def unseal(self, sealed: bytes) -> str:
        """The text that was sealed.

        Raises:
            ConfigurationError: it was sealed with another key, or altered.
        """
        ...
