"""One session with one server: connect, TLS, scripts; each step timed, told to the observer, written to the transcript."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from mailtrip.clock import Clock
from mailtrip.mail.connection import Connection, Lost, LostReason, Reply
from mailtrip.mail.obstacle import Obstacle, obstacle_of, permit, status_of
from mailtrip.mail.resolve import Address, Resolver, Unresolved
from mailtrip.mail.script import Exchange, Refusal, Script
from mailtrip.mail.tls import CertificateReader, TLSContexts, describe_tls_error
from mailtrip.mail.transcript import Redactor, Transcript
from mailtrip.model import (
    Direction,
    Failure,
    MailProtocol,
    NetworkPolicy,
    Server,
    SessionRecord,
    StatusCode,
    Step,
    TLSFacts,
    TLSMode,
)

__all__ = ["Driver", "Observe", "Session"]

T = TypeVar("T")

_CLOSING_SECONDS = 2.0


Observe = Callable[[Step, float, float | None], None]
"""Told of each step: (step, began at, ended at or None when it begins), in monotonic seconds. Never raises.

A step may be told in several pieces; their durations add up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """What all connections of a process share.

    Attributes:
        policy: where it may connect; None is anywhere.
    """

    clock: Clock
    resolver: Resolver
    contexts: TLSContexts
    certificates: CertificateReader
    buffer: memoryview
    client_name: str
    policy: NetworkPolicy | None = None


@dataclass(frozen=True, slots=True)
class _Words:
    """Steps and statuses of one side of the trip."""

    resolve: Step
    connect: Step
    tls: Step
    name_status: StatusCode
    tls_status: StatusCode
    protocol_status: StatusCode


_SMTP = _Words(
    Step.RESOLVE, Step.CONNECT, Step.TLS, StatusCode.SMTP_NAME, StatusCode.SMTP_TLS, StatusCode.SMTP_PROTOCOL
)
_MAILBOX = _Words(
    Step.MAILBOX_RESOLVE,
    Step.MAILBOX_CONNECT,
    Step.MAILBOX_TLS,
    StatusCode.MAILBOX_NAME,
    StatusCode.MAILBOX_TLS,
    StatusCode.MAILBOX_PROTOCOL,
)


class Session:
    """A session, used from `connect` to `close`; after a failure only `close` and `record` make sense.

    Args:
        driver: what all connections share.
        server: where to connect.
        deadline: monotonic seconds at which all waiting ends.
        observe: told of each step.
        transcript: written to.
        redactor: takes the login's secrets out of what servers say.
        excuse: what is known to be wrong with the certificate, where its owner wants that reported and not fatal:
            it is then not verified again. OpenSSL tells what is wrong only by failing.
    """

    def __init__(
        self,
        driver: Driver,
        server: Server,
        *,
        deadline: float,
        observe: Observe,
        transcript: Transcript,
        redactor: Redactor,
        excuse: str | None = None,
    ) -> None:
        self._driver = driver
        self._server = server
        self._words = _SMTP if server.protocol is MailProtocol.SMTP else _MAILBOX
        self._deadline = deadline
        self._observe = observe
        self._transcript = transcript
        self._redactor = redactor
        self._excuse = excuse
        self._connection: Connection | None = None
        self._address: Address | None = None
        self._facts: TLSFacts | None = None
        self.capabilities: tuple[str, ...] = ()
        self.offered: frozenset[str] = frozenset()
        self.quota_percent: int | None = None
        self.said_at = 0.0
        self.replied_at = 0.0
        self.certificate_error: str | None = None

    @property
    def is_encrypted(self) -> bool:
        return self._connection is not None and self._connection.is_encrypted

    @property
    def may_send_password(self) -> bool:
        """Over TLS, or in clear where the owner has asked for no TLS in so many words."""
        return self.is_encrypted or self._server.tls is TLSMode.NONE

    @property
    def is_usable(self) -> bool:
        return self._connection is not None and self._connection.is_usable

    def learn(self, capabilities: Iterable[str]) -> None:
        """Take note of what the server says it can do now; `offered` keeps what it said before TLS and login too."""
        self.capabilities = tuple(capabilities)
        self.offered |= set(self.capabilities)

    @property
    def record(self) -> SessionRecord:
        lines, dropped = self._transcript.read()
        return SessionRecord(
            protocol=self._server.protocol,
            server=self._server.url,
            address=str(self._address) if self._address else None,
            tls=self._facts,
            capabilities=self.capabilities,
            transcript=lines,
            lines_dropped=dropped,
            quota_percent=self.quota_percent,
        )

    async def connect(self) -> Failure | None:
        """Resolve the name, connect (each address in turn, within the deadline), and begin TLS where it is implicit."""
        failure = await self._reach()
        if failure is None and self._server.tls is TLSMode.IMPLICIT:
            failure = await self._start_tls()
        return failure

    async def secure(self, ask: Script[None], *, is_offered: bool) -> bool | Failure:
        """Begin TLS by STARTTLS where the mode wants it: whether it has begun now.

        Args:
            ask: the protocol's STARTTLS command.
            is_offered: whether the server offers it.
        """
        mode = self._server.tls
        if self.is_encrypted or mode in {TLSMode.NONE, TLSMode.IMPLICIT} or (mode is TLSMode.AUTO and not is_offered):
            ask.close()
            return False
        if not is_offered:
            ask.close()
            reason = f"{self._server.url} does not offer STARTTLS, which the monitor demands"
            return self._fail(self._words.tls, self._words.tls_status, reason)
        answer = await self.run(ask, self._words.tls)
        if isinstance(answer, Failure):
            return answer
        failure = await self._start_tls()
        return True if failure is None else failure

    async def _reach(self) -> Failure | None:
        began = self._begin(self._words.resolve)
        resolved = await self._resolve()
        if isinstance(resolved, Failure):
            return resolved
        addresses, looked_up_at, answered_at = resolved
        self._observe(self._words.resolve, max(began, looked_up_at), answered_at)
        return await self._connect_to_one(addresses)

    async def _start_tls(self) -> Failure | None:
        connection = self._connection
        if connection is None:
            raise RuntimeError("TLS before connect")
        context = self._driver.contexts.get(self._server.tls_ca, verify=self._excuse is None)
        began = self._begin(self._words.tls)
        outcome = await connection.start_tls(context, self._server.host)
        pump = connection.tls
        if isinstance(outcome, Reply):
            self._observe(self._words.tls, began, outcome.at)
            self._facts = pump.facts(self._driver.certificates, verify_error=self._excuse) if pump else None
            self._note(self._tls_note())
            return None
        return self._tls_failure(outcome)

    async def run(self, script: Script[T], step: Step, *, is_told: bool = True) -> T | Failure:
        """Run a script as one step (or a part of one): its value, or how it failed.

        A script's own exception is our bug and goes up.

        Args:
            script: what to say.
            step: the step it belongs to.
            is_told: False keeps it from the observer: the run itself times its looks.
        """
        connection = self._connection
        if connection is None:
            raise RuntimeError("run before connect")
        began = self._begin(step) if is_told else self._driver.clock.monotonic()
        ended = began
        has_committed = False
        try:
            exchange = next(script)
            while True:
                has_committed = has_committed or (exchange.commits and connection.is_usable)
                outcome = await connection.exchange(exchange)
                self._write_down(exchange, connection.sent_at, outcome)
                if isinstance(outcome, Lost) and exchange.tolerates_loss:
                    exchange = script.send(b"")
                    continue
                if isinstance(outcome, Lost):
                    script.close()
                    return self._lost(outcome, step, is_unanswered=has_committed)
                ended = outcome.at if exchange.framer else ended
                exchange = script.send(outcome.data)
        except StopIteration as stop:
            value: T | Refusal = stop.value
        if isinstance(value, Refusal):
            return self._refused(value, step)
        self.said_at, self.replied_at = connection.sent_at, ended
        if is_told:
            self._observe(step, began, ended)
        return value

    async def close(self, farewell: Script[None] | None = None) -> None:
        """End the session: say good-bye where that still makes sense, for two seconds at most."""
        connection = self._connection
        if connection is None:
            return
        try:
            if farewell is not None and connection.is_usable:
                connection.set_deadline(_CLOSING_SECONDS)
                await self.run(farewell, self._words.connect, is_told=False)
        finally:
            self._connection = None
            connection.close()

    # -- parts --------------------------------------------------------------------------------------------------------

    def _begin(self, step: Step) -> float:
        now = self._driver.clock.monotonic()
        self._observe(step, now, None)
        return now

    def _remaining(self) -> float:
        return self._deadline - self._driver.clock.monotonic()

    async def _resolve(self) -> tuple[tuple[Address, ...], float, float] | Failure:
        words = self._words
        host = self._server.address or self._server.host
        resolved = await self._driver.resolver.resolve(host, self._server.port, patience=self._remaining())
        if isinstance(resolved, Unresolved):
            status = StatusCode.LOCATION_LOST if resolved.is_ours else words.name_status
            return self._fail(words.resolve, status, resolved.reason, is_temporary=resolved.is_temporary)
        return resolved.addresses, resolved.began, resolved.ended

    async def _connect_to_one(self, addresses: tuple[Address, ...]) -> Failure | None:
        step = self._words.connect
        began = self._begin(step)
        # What is judged is what is connected to: the name is not looked up again in between.
        permitted, obstacles = permit(addresses, self._driver.policy)
        for forbidden in obstacles:
            self._note(forbidden.text)
        for position, address in enumerate(permitted):
            patience = max(0.0, self._remaining()) / (len(permitted) - position)
            obstacle = await self._try(address, patience)
            if obstacle is None:
                self._observe(step, began, self._driver.clock.monotonic())
                self._note(f"connected to {address}")
                return None
            obstacles.append(obstacle)
            if obstacle.has_answered:
                self._address = address
            self._note(obstacle.text)
        reason = f"no connection to {self._server.url}: {'; '.join(obstacle.text for obstacle in obstacles[:8])}"
        return self._fail(step, status_of(obstacles), reason, is_temporary=True)

    async def _try(self, address: Address, patience: float) -> Obstacle | None:
        """Connect to one address; why not, or None."""
        # Not sock_connect: uvloop would hand the address to a resolver thread there, and here it knows it for one.
        loop = asyncio.get_running_loop()
        host, port, *rest = address.sockaddr
        scope = rest[1] if len(rest) > 1 else 0
        try:
            async with asyncio.timeout(patience):
                _, connection = await loop.create_connection(
                    lambda: Connection(loop, self._driver.clock, self._driver.buffer),
                    f"{host}%{scope}" if scope else str(host),
                    int(port),
                    family=address.family,
                )
        except TimeoutError:
            return Obstacle(f"{address} did not answer within {patience:.1f} s")
        except OSError as exc:
            return obstacle_of(address, exc)
        self._connection = connection
        self._address = address
        connection.set_deadline(self._remaining())
        return None

    def _write_down(self, exchange: Exchange, sent_at: float, outcome: Reply | Lost) -> None:
        transcript = self._transcript
        if exchange.shown is not None:
            transcript.add(sent_at, Direction.SENT, exchange.shown)
        elif exchange.send:
            transcript.add_bytes(sent_at, Direction.SENT, exchange.send)
        if isinstance(outcome, Lost):
            transcript.add(outcome.at, Direction.NOTE, [outcome.text])
        elif exchange.hides_reply:
            transcript.add(outcome.at, Direction.RECEIVED, [f"(hidden, {len(outcome.data)} bytes)"])
        elif exchange.abridges_reply:
            first, _, rest = outcome.data.partition(b"\n")
            transcript.add_bytes(outcome.at, Direction.RECEIVED, first)
            transcript.add(outcome.at, Direction.RECEIVED, [f"({len(rest)} more bytes)"] if rest else [])
        elif outcome.data:
            transcript.add_bytes(outcome.at, Direction.RECEIVED, outcome.data)

    def _note(self, text: str) -> None:
        self._transcript.add(self._driver.clock.monotonic(), Direction.NOTE, [text])

    def _tls_note(self) -> str:
        facts = self._facts
        if facts is None:
            return "TLS begun"
        return f"TLS begun: {facts.version}, {facts.cipher}, certificate of {facts.subject} by {facts.issuer}"

    # -- failures -----------------------------------------------------------------------------------------------------

    def _tls_failure(self, lost: Lost) -> Failure:
        step, status = self._words.tls, self._words.tls_status
        pump = self._connection.tls if self._connection else None
        if lost.error is None:
            if lost.reason is LostReason.DEADLINE:
                return self._lost(lost, step)
            return self._fail(step, status, f"TLS handshake failed: {lost.text}", is_temporary=True)
        facts = pump.facts(self._driver.certificates) if pump else None
        reason = describe_tls_error(lost.error, facts)
        if facts is not None:
            self._facts = pump.facts(self._driver.certificates, verify_error=reason) if pump else None
            self.certificate_error = reason
        return self._fail(step, status, reason)

    def _lost(self, lost: Lost, step: Step, *, is_unanswered: bool = False) -> Failure:
        if lost.reason is LostReason.DEADLINE:
            status = StatusCode.TIMEOUT
        elif lost.reason is LostReason.TLS:
            status = self._words.tls_status
        else:
            status = self._words.protocol_status
        is_temporary = lost.reason is not LostReason.BROKEN
        reason = f"{self._server.url}: {self._redactor.clean(lost.text)}"
        return Failure(step=step, status=status, reason=reason, is_temporary=is_temporary, is_unanswered=is_unanswered)

    def _refused(self, refusal: Refusal, step: Step) -> Failure:
        return Failure(
            step=step,
            status=refusal.status,
            reason=f"{self._server.url}: {self._redactor.clean(refusal.reason)}",
            is_temporary=refusal.is_temporary,
            says_later=refusal.is_temporary,
            is_unanswered=refusal.is_unanswered,
        )

    def _fail(self, step: Step, status: StatusCode, reason: str, *, is_temporary: bool = False) -> Failure:
        self._note(reason)
        return Failure(step=step, status=status, reason=reason, is_temporary=is_temporary)
