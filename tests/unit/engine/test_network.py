"""A location that has lost its network blames no mail server."""

from datetime import UTC, datetime

import pytest

from mailtrip.engine.network import NetworkWatch, Outcome, is_network_lost, outcome_of
from mailtrip.model import MailProtocol, Result, SessionRecord, StatusCode, Step, Verdict
from mailtrip.testing.engine import make_result, make_settings

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REACHED = SessionRecord(protocol=MailProtocol.SMTP, server="smtp://mx:25", address="192.0.2.1:25", tls=None)
UNREACHED = SessionRecord(protocol=MailProtocol.SMTP, server="smtp://mx:25", address=None, tls=None)


def failed(host: str | None, at: float = 0.0) -> Outcome:
    return Outcome(at=at, run_id=1, unreached=host, has_reached=False)


def reached(host: str | None = None, at: float = 0.0) -> Outcome:
    return Outcome(at=at, run_id=1, unreached=host, has_reached=True)


@pytest.mark.parametrize(
    ("outcomes", "is_lost"),
    [
        ([], False),
        ([failed("a"), failed("b")], False),
        ([failed("a"), failed("a"), failed("b"), failed("b")], False),
        ([failed("a"), failed("b"), failed("c")], True),
        ([failed("a"), failed("b"), failed("c"), failed(None)], True),
        # One server that answers proves the network.
        ([failed("a"), failed("b"), failed("c"), reached()], False),
        ([failed("a"), failed("b"), reached("c")], False),
        # What was a minute ago says nothing.
        ([failed("a", at=-60.0), failed("b"), failed("c")], False),
        ([reached(at=-60.0), failed("a"), failed("b"), failed("c")], True),
    ],
)
def test_the_network_is_lost_when_no_host_of_three_or_more_can_be_reached(
    outcomes: list[Outcome], *, is_lost: bool
) -> None:
    assert is_network_lost(outcomes, now=0.0) is is_lost


@pytest.mark.parametrize(
    ("status", "step", "unreached"),
    [
        (StatusCode.CONNECTION_FAILED, Step.CONNECT, "smtp.example.com"),
        (StatusCode.SMTP_NAME, Step.RESOLVE, "smtp.example.com"),
        (StatusCode.CONNECTION_FAILED, Step.MAILBOX_CONNECT, "imap.example.com"),
        (StatusCode.MAILBOX_NAME, Step.MAILBOX_RESOLVE, "imap.example.com"),
        # No route to it, or a resolver that answers about no name: the run has found out by itself.
        (StatusCode.LOCATION_LOST, Step.CONNECT, "smtp.example.com"),
        (StatusCode.LOCATION_LOST, Step.MAILBOX_RESOLVE, "imap.example.com"),
        (StatusCode.LOCATION_LOST, Step.WAIT, None),
        (StatusCode.SMTP_TLS, Step.TLS, None),
        (StatusCode.TIMEOUT, Step.WAIT, None),
    ],
)
def test_only_what_fails_before_a_conversation_counts(status: StatusCode, step: Step, unreached: str | None) -> None:
    result = make_result(NOW, verdict=Verdict.UNSENT, status=status, step=step)
    assert outcome_of(7, make_settings(), result, at=3.0) == Outcome(
        at=3.0, run_id=7, unreached=unreached, has_reached=False
    )


def test_a_session_with_an_address_has_reached_a_server() -> None:
    result = make_result(NOW, sessions=(UNREACHED, REACHED))
    assert outcome_of(7, make_settings(), result, at=0.0).has_reached
    assert not outcome_of(7, make_settings(), make_result(NOW, sessions=(UNREACHED,)), at=0.0).has_reached


# -- Following results as they come -------------------------------------------------------------------------------------


class Watched:
    """A watch, and what came of the results it was shown."""

    def __init__(self) -> None:
        self.watch = NetworkWatch()
        self.blamed: list[int] = []
        self._ids = iter(range(1, 1000))

    def show(self, host: str, at: float, status: StatusCode = StatusCode.CONNECTION_FAILED) -> Result:
        sessions = (UNREACHED,) if status is StatusCode.CONNECTION_FAILED else (REACHED,)
        result = make_result(NOW, status=status, verdict=Verdict.UNSENT, step=Step.CONNECT, sessions=sessions)
        judged, before = self.watch.judge(next(self._ids), make_settings(smtp_server=host), result, at=at)
        self.blamed += before
        return judged


def test_the_third_failure_is_excused_and_so_are_those_before() -> None:
    watched = Watched()
    statuses = [watched.show(host, at).status for host, at in (("a", 1.0), ("b", 2.0), ("c", 3.0), ("a", 4.0))]
    blame = StatusCode.CONNECTION_FAILED
    assert statuses == [blame, blame, StatusCode.LOCATION_LOST, StatusCode.LOCATION_LOST]
    assert watched.blamed == [1, 2]
    assert watched.watch.is_lost


def test_a_lost_network_stays_lost_until_a_server_is_reached() -> None:
    watched = Watched()
    for host, at in (("a", 1.0), ("b", 2.0), ("c", 3.0)):
        watched.show(host, at)
    assert watched.show("a", 500.0).status is StatusCode.LOCATION_LOST
    assert watched.show("b", 501.0, StatusCode.SMTP_LOGIN).status is StatusCode.SMTP_LOGIN
    assert not watched.watch.is_lost
    assert watched.show("a", 502.0).status is StatusCode.CONNECTION_FAILED
    assert watched.blamed == [1, 2]


def test_an_excused_result_keeps_what_happened_in_its_summary() -> None:
    watched = Watched()
    (*_, last) = (watched.show(host, 1.0) for host in "abc")
    assert (last.verdict, last.summary) == (
        Verdict.UNKNOWN,
        "The location has lost its network: nothing can be said of the mail path. Delivered",
    )


def test_what_tells_nothing_of_the_network_changes_nothing() -> None:
    watched = Watched()
    for host in "abc":
        watched.show(host, 1.0)
    quiet = make_result(NOW, verdict=Verdict.UNKNOWN, status=StatusCode.INTERNAL_ERROR)
    assert watched.watch.judge(9, make_settings(), quiet, at=2.0) == (quiet, ())
    assert watched.watch.is_lost
