"""What the use cases need of others."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from mailtrip.model import Run
from mailtrip.store import Connection

__all__ = ["DatabasePort", "RunQueue", "Secrets"]

T = TypeVar("T")


class DatabasePort(Protocol):
    """The part of `store.Database` that a request needs: one transaction a call, off the event loop."""

    async def reading(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction that changes nothing; raises `Unavailable` when the database is away."""
        ...

    async def writing(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction that may change something; raises `Unavailable` when the database is away."""
        ...


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

    def sign_link(self, content: bytes) -> bytes:
        """32 bytes that prove that a link in an alert was made with the installation's key."""
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
