import asyncio

from mailtrip.model import Failure, StatusCode, Step
from mailtrip.probe.ports import Accepted, Envelope, Look, Mailbox, Sender
from mailtrip.testing.clock import FakeClock
from mailtrip.testing.fakes import FakeMailbox, FakeMailPath, FakeSender

ENVELOPE = Envelope(sender="a@mail.test", recipient="probe@mail.test")
REFUSED = Failure(step=Step.SUBMIT, status=StatusCode.DEFERRED, reason="450 later", is_temporary=True)


def contents(look: Look | Failure) -> list[bytes]:
    assert isinstance(look, Look)
    return [head.content for head in look.heads]


async def test_a_message_becomes_visible_when_its_time_has_come() -> None:
    clock = FakeClock()
    path = FakeMailPath(clock, visible_after=2.0)
    sender: Sender = FakeSender(path)
    mailbox: Mailbox = FakeMailbox(path)
    assert await mailbox.open() is None
    assert await sender.connect() is None
    assert isinstance(await sender.submit(ENVELOPE, b"one"), Accepted)
    assert contents(await mailbox.look()) == []
    clock.move(2.0)
    assert contents(await mailbox.look()) == [b"one"]
    assert contents(await mailbox.look()) == [], "a look shows what is new only"


async def test_what_was_there_before_opening_is_not_new() -> None:
    clock = FakeClock()
    path = FakeMailPath(clock)
    path.put(b"old")
    mailbox = FakeMailbox(path)
    await mailbox.open()
    path.put(b"new")
    assert contents(await mailbox.look()) == [b"new"]


async def test_what_came_while_a_session_was_lost_is_new_after_opening_again() -> None:
    clock = FakeClock()
    path = FakeMailPath(clock)
    mailbox = FakeMailbox(path)
    await mailbox.open()
    path.put(b"meanwhile")
    await mailbox.open()
    assert contents(await mailbox.look()) == [b"meanwhile"]


async def test_fetch_and_delete_work_on_one_message() -> None:
    path = FakeMailPath(FakeClock())
    mailbox = FakeMailbox(path)
    await mailbox.open()
    ref, other = path.put(b"mine"), path.put(b"theirs")
    assert await mailbox.fetch(ref) == b"mine"
    assert await mailbox.delete([ref]) is None
    assert path.visible() == {other: b"theirs"}
    assert path.deleted == [ref]


async def test_calls_take_their_time_and_fail_as_written() -> None:
    clock = FakeClock(autojump=True)
    sender = FakeSender(FakeMailPath(clock), takes={"submit": 0.5}, failures={"submit": [None, REFUSED]})
    assert await sender.submit(ENVELOPE, b"one") == Accepted(reply="250 2.0.0 Ok: queued as 00000001", at=0.5)
    assert await sender.submit(ENVELOPE, b"two") == REFUSED
    assert isinstance(await sender.submit(ENVELOPE, b"three"), Accepted)
    assert sender.calls == ["submit"] * 3


async def test_an_unanswered_message_may_be_delivered_all_the_same() -> None:
    unanswered = Failure(step=Step.SUBMIT, status=StatusCode.SMTP_PROTOCOL, reason="lost", is_unanswered=True)
    for delivers in (True, False):
        path = FakeMailPath(FakeClock(), visible_after=0.0)
        sender = FakeSender(path, failures={"submit": unanswered}, delivers_unanswered=delivers)
        assert await sender.submit(ENVELOPE, b"one") == unanswered
        assert len(path.visible()) == delivers


async def test_lost_doubled_and_altered_messages() -> None:
    for copies in (0, 2):
        path = FakeMailPath(FakeClock(), visible_after=0.0, copies=copies, alter=bytes.upper)
        await FakeSender(path).submit(ENVELOPE, b"one")
        assert list(path.visible().values()) == [b"ONE"] * copies


async def test_only_a_pushing_mailbox_ends_a_wait_early() -> None:
    for can_push, ends_at in ((True, 1.0), (False, 30.0)):
        clock = FakeClock(autojump=True)
        path = FakeMailPath(clock, visible_after=1.0)
        mailbox = FakeMailbox(path, can_push=can_push)
        await mailbox.open()
        await FakeSender(path).submit(ENVELOPE, b"one")
        async with asyncio.timeout(5):
            assert await mailbox.wait(30.0) is None
        assert clock.monotonic() == ends_at
