"""The exchanges that every contender makes, one for one, over Mailtrip's sessions with their timings and transcripts."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from mailtrip.clock import SystemClock
from mailtrip.mail import pop3
from mailtrip.mail.imap import IMAPGrammar
from mailtrip.mail.line import Line
from mailtrip.mail.resolve import Resolver
from mailtrip.mail.script import Refusal, Script
from mailtrip.mail.sender import SMTPSender
from mailtrip.mail.session import Driver, Observe, Session
from mailtrip.mail.tls import CertificateReader, TLSContexts
from mailtrip.model import Envelope, Failure, MailProtocol, Mechanism, Server, SessionRecord, Step
from scenery import Site, address, credentials, new_message

__all__ = ["BareTrips"]

_SECONDS = 120.0
_HEAD_LINES = 60


class BareTrips:
    """For an event loop; safe to use from many tasks."""

    def __init__(self, site: Site) -> None:
        self._driver = Driver(
            clock=SystemClock(),
            resolver=Resolver(),
            contexts=TLSContexts(),
            certificates=CertificateReader(),
            buffer=memoryview(bytearray(65536)),
            client_name="[127.0.0.1]",
        )
        self._smtp = site.server(MailProtocol.SMTP)
        self._mailbox = site.server(site.protocol)
        self._take = _take_pop3 if site.protocol is MailProtocol.POP3 else _take_imap

    async def make(self, user: int) -> None:
        """One trip to one user's mailbox, which holds nothing else."""
        await self.make_timed(user)

    async def make_timed(self, user: int) -> tuple[Sequence[SessionRecord], float]:
        """A trip's sessions, and the seconds of its submit step."""
        submit_seconds = 0.0

        def observe(step: Step, began: float, ended: float | None) -> None:
            nonlocal submit_seconds
            if step is Step.SUBMIT and ended is not None:
                submit_seconds = ended - began

        message, mark = new_message()
        smtp_line = self._line(self._smtp, user, Mechanism.PLAIN, observe)
        sender = SMTPSender(smtp_line, credentials(user, Mechanism.PLAIN))
        _check(await sender.connect())
        _check(await sender.submit(Envelope(sender=address(user), recipient=address(user)), message))
        await sender.close()
        mailbox_line = self._line(self._mailbox, user, Mechanism.LOGIN, _ignore)
        await self._take(mailbox_line, user, mark)
        return [smtp_line.session.record, mailbox_line.session.record], submit_seconds

    def close(self) -> None:
        self._driver.resolver.close()

    def _line(self, server: Server, user: int, mechanism: Mechanism, observe: Observe) -> Line:
        now = self._driver.clock.monotonic()
        login = credentials(user, mechanism)
        return Line(self._driver, server, login, deadline=now + _SECONDS, observe=observe, started_at=now)


async def _take_pop3(line: Line, user: int, mark: bytes) -> None:
    async def introduce(session: Session) -> Failure | None:
        _check(await session.connect())
        greeting = await _run(session, pop3.greeting())
        offered = await _run(session, pop3.capabilities())
        login = credentials(user, Mechanism.LOGIN)
        await _run(session, pop3.log_in(offered, greeting, login, is_secure=session.may_send_password))
        return None

    session = await _enter(line, introduce)
    (number,) = (await _run(session, pop3.list_uids())).numbers.values()
    _find(await _run(session, pop3.top(number, _HEAD_LINES)), mark)
    _find(await _run(session, pop3.retrieve(number)), mark)
    await _run(session, pop3.delete(number))
    await line.leave(pop3.quit_())


async def _take_imap(line: Line, user: int, mark: bytes) -> None:
    grammar = IMAPGrammar()

    async def introduce(session: Session) -> Failure | None:
        _check(await session.connect())
        await _run(session, grammar.greeting())
        login = credentials(user, Mechanism.LOGIN)
        await _run(session, grammar.log_in(login, is_secure=session.may_send_password))
        return None

    session = await _enter(line, introduce)
    await _run(session, grammar.select("INBOX"))
    (head,) = await _run(session, grammar.fetch_heads(1))
    _find(head.content, mark)
    _find(await _run(session, grammar.fetch(head.uid)), mark)
    await _run(session, grammar.delete([head.uid]))
    await line.leave(grammar.log_out())


async def _enter(line: Line, introduce: Callable[[Session], Awaitable[Failure | None]]) -> Session:
    _check(await line.establish(introduce))
    return line.session


async def _run(session: Session, script: Script[Any]) -> Any:
    """What the script returns; Any, as each returns something of its own."""
    outcome = await session.run(script, Step.LOOK)
    _check(outcome)
    return outcome


def _check(outcome: object) -> None:
    if isinstance(outcome, Failure | Refusal):
        raise RuntimeError(outcome.reason)  # noqa: TRY004 (a failure of the server, not of types)


def _find(content: bytes, mark: bytes) -> None:
    if mark not in content:
        raise RuntimeError("the message was not found")


def _ignore(step: Step, began: float, ended: float | None) -> None:
    """Nobody watches."""
