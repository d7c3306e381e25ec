"""What a sender or mailbox has with one server: its sessions, one after the other."""

from collections.abc import Awaitable, Callable

from mailtrip.mail.script import Script
from mailtrip.mail.session import Driver, Observe, Session
from mailtrip.mail.transcript import Redactor, Transcript
from mailtrip.model import Credentials, Direction, Failure, Server, SessionRecord

__all__ = ["Line"]


class Line:
    """What a sender or mailbox has with one server: its sessions one after the other, under one transcript.

    Args:
        deadline: monotonic seconds at which all waiting ends.
        observe: told of each step.
        started_at: monotonic seconds that the transcript's times count from.
    """

    def __init__(
        self,
        driver: Driver,
        server: Server,
        credentials: Credentials | None,
        *,
        deadline: float,
        observe: Observe,
        started_at: float,
    ) -> None:
        self.driver = driver
        self.server = server
        self.deadline = deadline
        self.observe = observe
        self._redactor = Redactor(credentials)
        self._transcript = Transcript(self._redactor, started_at=started_at)
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        """The newest session; asking for one before `establish` is a mistake of ours."""
        if self._session is None:
            raise RuntimeError("no session yet")
        return self._session

    @property
    def offered(self) -> frozenset[str]:
        """What the server said it can do in the newest session, before and after TLS; nothing before the first."""
        return self._session.offered if self._session else frozenset()

    @property
    def record(self) -> SessionRecord | None:
        """The newest session with the transcript of all; None before the first."""
        return self._session.record if self._session else None

    async def establish(
        self, introduce: Callable[[Session], Awaitable[Failure | None]], *, observe: Observe | None = None
    ) -> Failure | None:
        """Make a session and introduce it, once more where a bad certificate is only to be reported.

        Args:
            introduce: connects and logs in.
            observe: told of the session's steps instead of the line's own observer.
        """
        self._session = session = self._make(observe)
        failure = await introduce(session)
        if failure is None or self.server.tls_verify or session.certificate_error is None:
            return failure
        await session.close()
        self._session = self._make(observe, session.certificate_error)
        return await introduce(self._session)

    def note(self, at: float, text: str) -> None:
        """Put into the transcript what happened beside the sessions, at so many monotonic seconds."""
        self._transcript.add(at, Direction.NOTE, [text])

    async def leave(self, farewell: Script[None]) -> None:
        """Close the newest session, with a good-bye where that still makes sense."""
        if self._session is not None:
            await self._session.close(farewell)

    def _make(self, observe: Observe | None, excuse: str | None = None) -> Session:
        return Session(
            self.driver,
            self.server,
            deadline=self.deadline,
            observe=observe or self.observe,
            transcript=self._transcript,
            redactor=self._redactor,
            excuse=excuse,
        )
