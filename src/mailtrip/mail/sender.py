"""Handing a message over: one SMTP session from connect to QUIT."""

from mailtrip.mail import smtp
from mailtrip.mail.line import Line
from mailtrip.mail.script import Refusal, Script
from mailtrip.mail.session import Session
from mailtrip.model import Accepted, Credentials, Envelope, Failure, SessionRecord, Step

__all__ = ["SMTPSender"]


class SMTPSender:
    """A `Sender` (`mailtrip.probe.ports`) over SMTP (RFC 5321), used once."""

    def __init__(self, line: Line, credentials: Credentials | None) -> None:
        self._line = line
        self._credentials = credentials
        self._capabilities: smtp.Capabilities | None = None

    @property
    def offered(self) -> frozenset[str]:
        """What the server said in its answers to EHLO; empty before `connect`."""
        return self._line.offered

    @property
    def record(self) -> SessionRecord | None:
        """The session as it was so far; None before `connect`."""
        return self._line.record

    async def connect(self) -> Failure | None:
        """Resolve, connect, TLS, greeting, EHLO, login."""
        return await self._line.establish(self._introduce)

    async def check(self) -> Failure | None:
        """All that `connect` does: that the server is fit for a submission, and none is made."""
        return await self.connect()

    async def submit(self, envelope: Envelope, message: bytes) -> Accepted | Failure:
        """Hand the message over. `message` has CRLF line ends and is not dot-stuffed."""
        if self._capabilities is None:
            raise RuntimeError("submit before connect")
        script = smtp.submit(self._capabilities, envelope.sender, envelope.recipient, message)
        session = self._line.session
        reply = await session.run(script, Step.SUBMIT)
        if isinstance(reply, Failure):
            return reply
        return Accepted(reply=reply, at=session.replied_at, offered_at=session.said_at)

    async def close(self) -> None:
        """Say QUIT where that still makes sense, and close."""
        await self._line.leave(smtp.quit_())

    async def _introduce(self, session: Session) -> Failure | None:
        failure = await session.connect()
        if failure is not None:
            return failure
        capabilities = await session.run(self._greet(), Step.GREETING)
        if isinstance(capabilities, Failure):
            return capabilities
        session.learn(capabilities.lines)
        secured = await session.secure(smtp.start_tls(), is_offered="STARTTLS" in capabilities.names)
        if isinstance(secured, Failure):
            return secured
        if secured:
            # RFC 3207, 4.2: what was learned before TLS is forgotten.
            capabilities = await session.run(smtp.hello(self._line.driver.client_name), Step.GREETING)
            if isinstance(capabilities, Failure):
                return capabilities
        self._capabilities = capabilities
        session.learn(capabilities.lines)
        return await self._log_in(session, capabilities)

    def _greet(self) -> Script[smtp.Capabilities]:
        greeting = yield from smtp.greeting()
        if isinstance(greeting, Refusal):
            return greeting
        return (yield from smtp.hello(self._line.driver.client_name))

    async def _log_in(self, session: Session, capabilities: smtp.Capabilities) -> Failure | None:
        if self._credentials is None:
            return None
        script = smtp.log_in(capabilities, self._credentials, is_secure=session.may_send_password)
        outcome = await session.run(script, Step.LOGIN)
        return outcome if isinstance(outcome, Failure) else None
