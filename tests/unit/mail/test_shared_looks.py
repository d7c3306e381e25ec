"""What runs of one mailbox see together: who looks, who waits, and what may be taken from another's look."""

import asyncio
import math

import pytest

from mailtrip.clock import SystemClock
from mailtrip.mail.pop3 import UIDListing
from mailtrip.mail.shared_looks import Listing, Scouts, SharedInbox, SharedMaildrop
from mailtrip.model import Head, Look, MessageRef

CLOCK = SystemClock()
FOREVER = math.inf


def head(key: str, size: int = 10) -> Head:
    return Head(ref=MessageRef("INBOX", key), content=b"x" * size, size=size)


def nothing() -> Look | None:
    return None


def keys(look: Look | None) -> list[str] | None:
    return None if look is None else [head.ref.key for head in look.heads]


# -- Who looks ----------------------------------------------------------------------------------------------------------


class Mailbox:
    """Counts its looks, each of which takes two turns of the event loop; what it has shown is the number of the look."""

    def __init__(self) -> None:
        self.scouts = Scouts()
        self.looks = 0
        self.asked_at = -1
        self.at = 0

    async def look(self) -> int:
        self.at += 1
        asked_at = self.at
        shared = await self.scouts.answer(
            lambda: self.looks if self.asked_at > asked_at else None, clock=CLOCK, until=FOREVER
        )
        if shared is not None:
            return shared
        async with self.scouts.looking(CLOCK):
            self.at += 1
            asked_at = self.at
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            self.looks += 1
            self.asked_at = asked_at
            return self.looks


async def test_all_that_ask_in_the_same_moment_are_answered_by_one_look() -> None:
    mailbox = Mailbox()
    assert await asyncio.gather(*(mailbox.look() for _ in range(20))) == [1] * 20


async def test_all_that_ask_while_one_looks_are_answered_by_one_more_look() -> None:
    mailbox = Mailbox()
    first = asyncio.create_task(mailbox.look())
    for _ in range(2):
        await asyncio.sleep(0)
    assert await asyncio.gather(*(mailbox.look() for _ in range(20))) == [2] * 20
    assert await first == 1


async def test_where_nobody_looks_there_is_nothing_to_wait_for() -> None:
    mailbox = Mailbox()
    assert [await mailbox.look(), await mailbox.look()] == [1, 2]


async def test_a_look_that_is_broken_off_leaves_the_next_to_another() -> None:
    mailbox = Mailbox()
    first, second, third = (asyncio.create_task(mailbox.look()) for _ in range(3))
    await asyncio.sleep(0)
    first.cancel()
    assert [await second, await third] == [1, 1]


async def test_looks_keep_their_distance_and_who_asks_meanwhile_is_answered() -> None:
    scouts = Scouts()
    async with scouts.looking(CLOCK):
        began = CLOCK.monotonic()
    asked: list[float] = []

    async def look() -> None:
        taken = await scouts.answer(lambda: asked or None, clock=CLOCK, patience=0.1, until=FOREVER)
        if taken is None:
            async with scouts.looking(CLOCK, distance=0.3):
                asked.append(CLOCK.monotonic())

    await asyncio.gather(*(look() for _ in range(5)))
    assert len(asked) == 1
    assert 0.29 < asked[0] - began < 5


async def test_one_that_hangs_is_waited_for_once_and_by_nobody_who_comes_later() -> None:
    scouts = Scouts()
    began = CLOCK.monotonic()
    async with scouts.looking(CLOCK):
        assert await scouts.answer(nothing, clock=CLOCK, patience=0.2, until=FOREVER) is None
        waited = CLOCK.monotonic() - began
        async with scouts.looking(CLOCK):
            pass
        assert await scouts.answer(nothing, clock=CLOCK, patience=10.0, until=FOREVER) is None
    assert 0.19 < waited < 5
    assert CLOCK.monotonic() - began < 5


async def test_of_those_that_run_out_of_patience_one_looks_and_the_others_take_that() -> None:
    scouts = Scouts()
    looked: list[int] = []

    async def look(number: int) -> None:
        taken = await scouts.answer(lambda: looked or None, clock=CLOCK, patience=0.1, until=FOREVER)
        if taken is None:
            async with scouts.looking(CLOCK):
                await asyncio.sleep(0.01)
                looked.append(number)

    async with scouts.looking(CLOCK):
        await asyncio.gather(*(look(number) for number in range(5)))
    assert len(looked) == 1


async def test_nobody_waits_for_longer_than_its_own_time() -> None:
    scouts = Scouts()
    async with scouts.looking(CLOCK):
        async with asyncio.timeout(5):
            assert await scouts.answer(nothing, clock=CLOCK, until=CLOCK.monotonic() + 0.05) is None


# -- POP3 ---------------------------------------------------------------------------------------------------------------


def listing(at: float, *uids: str) -> Listing:
    numbers = {uid: number for number, uid in enumerate(uids, 1)}
    return Listing(asked_at=at, answered_at=at + 0.5, uids=UIDListing(b"", numbers))


@pytest.fixture
def maildrop() -> SharedMaildrop:
    """With one old message."""
    made = SharedMaildrop()
    made.note(listing(1, "old"))
    return made


def test_what_was_there_at_the_opening_is_not_new(maildrop: SharedMaildrop) -> None:
    early = maildrop.watch()
    maildrop.note(listing(2, "old", "a"))
    late = maildrop.watch()
    maildrop.note(listing(3, "old", "a", "b"))
    assert (maildrop.news(early), maildrop.news(late)) == (["a", "b"], ["b"])


def test_news_are_the_last_fifty_in_the_order_of_their_numbers(maildrop: SharedMaildrop) -> None:
    watch = maildrop.watch()
    uids = [f"uid{number}" for number in range(60)]
    maildrop.note(listing(2, *uids))
    assert maildrop.news(watch) == uids[10:]
    watch.seen.update(uids[10:])
    assert maildrop.news(watch) == uids[:10]


def test_a_newer_listing_answers_with_its_own_times(maildrop: SharedMaildrop) -> None:
    watch = maildrop.watch()
    maildrop.note(listing(5, "old"))
    assert maildrop.take(watch, 4.0) == Look(asked_at=5, answered_at=5.5)
    assert maildrop.take(watch, 5.1) is None


def test_heads_that_another_has_read_are_taken_once(maildrop: SharedMaildrop) -> None:
    watch, _other = maildrop.watch(), maildrop.watch()
    maildrop.note(listing(5, "old", "a", "b"))
    assert maildrop.take(watch, 4.0) is None, "nobody has read the heads"
    maildrop.keep({"a": head("a"), "b": None}, at=7.0)
    look = maildrop.take(watch, 4.0)
    assert look == Look(asked_at=5, answered_at=7.0, heads=(head("a"),))
    assert keys(maildrop.take(watch, 4.0)) == []


def test_a_head_that_is_missing_leaves_all_to_the_run_itself(maildrop: SharedMaildrop) -> None:
    watch, _other = maildrop.watch(), maildrop.watch()
    maildrop.note(listing(5, "old", "a", "b"))
    maildrop.keep({"b": head("b")}, at=7.0)
    assert maildrop.take(watch, 4.0) is None
    assert maildrop.known(["a", "b"]) == {"b": head("b")}
    assert maildrop.news(watch) == ["a", "b"]


def test_a_message_that_is_gone_is_shown_to_nobody(maildrop: SharedMaildrop) -> None:
    watch, _other = maildrop.watch(), maildrop.watch()
    maildrop.note(listing(5, "old", "a", "b"))
    maildrop.keep({"a": head("a"), "b": head("b")}, at=5.5)
    maildrop.lose(["a"])
    assert keys(maildrop.take(watch, 4.0)) == ["b"]
    maildrop.note(listing(6, "old"))
    assert maildrop.known(["a", "b"]) == {}


def test_a_deletion_that_did_not_happen_shows_in_the_next_listing(maildrop: SharedMaildrop) -> None:
    watch = maildrop.watch()
    maildrop.note(listing(5, "old", "a"))
    maildrop.lose(["a"])
    maildrop.note(listing(6, "old", "a"))
    assert maildrop.news(watch) == ["a"]


def test_heads_are_kept_only_where_another_may_ask_for_them_and_within_a_bound(maildrop: SharedMaildrop) -> None:
    maildrop.watch()
    maildrop.note(listing(5, "a", "b"))
    maildrop.keep({"a": head("a")}, at=6)
    assert maildrop.known(["a"]) == {}, "nobody else is there"
    other = maildrop.watch()
    maildrop.note(listing(7, "a", "b", *map(str, range(40))))
    maildrop.keep({str(number): head(str(number), 16_384) for number in range(40)}, at=8)
    assert 25 < len(maildrop.known([str(number) for number in range(40)])) < 33
    maildrop.unwatch(other)
    assert len(maildrop.uids.numbers) == 42


def test_nothing_is_kept_when_the_last_run_has_gone(maildrop: SharedMaildrop) -> None:
    watches = [maildrop.watch(), maildrop.watch()]
    maildrop.note(listing(5, "old", "a"))
    maildrop.keep({"a": head("a")}, at=6)
    for watch in watches:
        maildrop.unwatch(watch)
    assert (maildrop.uids, maildrop.known(["a"])) == (UIDListing(), {})


def test_what_is_left_to_sweep_is_old_and_was_not_looked_at(maildrop: SharedMaildrop) -> None:
    maildrop.note(listing(2, "a", "b", "c", "d"))
    watch = maildrop.watch()
    maildrop.note(listing(3, "a", "b", "c", "d", "new"))
    assert maildrop.left(watch, 50, looked_at={"a"}, again=set()) == ["b", "c", "d"]
    assert maildrop.left(watch, 2, looked_at=set(), again=set()) == ["c", "d"]
    assert maildrop.left(watch, 50, looked_at={"a", "b", "c", "d"}, again={"b", "elsewhere"}) == ["b"]
    watch.seen.update(["b", "c"])
    assert maildrop.left(watch, 50, looked_at={"a"}, again={"b"}) == ["d"]


def test_a_message_that_came_later_and_was_not_seen_is_left_to_the_next_visit(maildrop: SharedMaildrop) -> None:
    watch = maildrop.watch()
    maildrop.note(listing(3, "old", "seen", "unseen"))
    watch.seen.add("seen")
    assert maildrop.looked_at(watch, frozenset()) == {"old", "seen"}
    assert maildrop.looked_at(watch, frozenset({"unseen", "gone"})) == {"old", "seen", "unseen"}


# -- IMAP ---------------------------------------------------------------------------------------------------------------


def look(at: float, *uids: int, size: int = 10) -> Look:
    return Look(asked_at=at, answered_at=at + 0.5, heads=tuple(head(str(uid), size) for uid in uids))


@pytest.fixture
def inbox() -> SharedInbox:
    """Opened by two runs."""
    made = SharedInbox()
    made.enter()
    made.enter()
    return made


def taken(inbox: SharedInbox, asked_at: float, next_uid: int, *, uidvalidity: int = 1) -> tuple[list[str], int] | None:
    found = inbox.take(asked_at, uidvalidity=uidvalidity, next_uid=next_uid)
    return None if found is None else ([head.ref.key for head in found[0].heads], found[1])


def test_a_look_shows_another_run_what_it_lacks(inbox: SharedInbox) -> None:
    inbox.note(look(5, 10, 12), uidvalidity=1, first_uid=10, next_uid=13)
    assert taken(inbox, 4, 10) == (["10", "12"], 13)
    assert taken(inbox, 4, 11) == (["12"], 13)
    assert taken(inbox, 4, 13) == ([], 13)
    assert taken(inbox, 4, 20) == ([], 20), "a run that has seen further knows better"


@pytest.mark.parametrize(("asked_at", "next_uid", "uidvalidity"), [(5.1, 10, 1), (4, 9, 1), (4, 10, 2), (4, 10, 0)])
def test_a_look_that_is_older_or_knows_less_is_no_answer(
    inbox: SharedInbox, asked_at: float, next_uid: int, uidvalidity: int
) -> None:
    inbox.note(look(5, 10), uidvalidity=1, first_uid=10, next_uid=11)
    assert taken(inbox, asked_at, next_uid, uidvalidity=uidvalidity) is None


def test_looks_that_join_are_known_together(inbox: SharedInbox) -> None:
    inbox.note(look(5, 10), uidvalidity=1, first_uid=10, next_uid=11)
    inbox.note(look(6, 11), uidvalidity=1, first_uid=11, next_uid=12)
    assert taken(inbox, 5.5, 10) == (["10", "11"], 12)


@pytest.mark.parametrize(("first_uid", "uidvalidity"), [(15, 1), (11, 2)])
def test_looks_that_do_not_join_are_not(inbox: SharedInbox, first_uid: int, uidvalidity: int) -> None:
    inbox.note(look(5, 10), uidvalidity=1, first_uid=10, next_uid=11)
    inbox.note(look(6, 20), uidvalidity=uidvalidity, first_uid=first_uid, next_uid=21)
    assert taken(inbox, 4, 10, uidvalidity=uidvalidity) is None
    assert taken(inbox, 4, first_uid, uidvalidity=uidvalidity) == (["20"], 21)


def test_a_server_without_uidvalidity_shares_nothing(inbox: SharedInbox) -> None:
    inbox.note(look(5, 10), uidvalidity=0, first_uid=10, next_uid=11)
    assert taken(inbox, 4, 10, uidvalidity=0) is None


def test_a_deleted_message_is_shown_to_nobody(inbox: SharedInbox) -> None:
    inbox.note(look(5, 10, 11), uidvalidity=1, first_uid=10, next_uid=12)
    inbox.lose([10, 99])
    assert taken(inbox, 4, 10) == (["11"], 12)


def test_what_exceeds_the_bound_is_not_kept(inbox: SharedInbox) -> None:
    inbox.note(look(5, *range(10, 30), size=16_384), uidvalidity=1, first_uid=10, next_uid=30)
    inbox.note(look(6, *range(30, 50), size=16_384), uidvalidity=1, first_uid=30, next_uid=50)
    assert taken(inbox, 4, 10) is None
    assert taken(inbox, 4, 49) == (["49"], 50)
    inbox.note(look(7, *range(50, 100), size=16_384), uidvalidity=1, first_uid=50, next_uid=100)
    assert taken(inbox, 6.5, 50) is None


def test_nothing_is_kept_for_one_run_alone_nor_when_all_have_gone(inbox: SharedInbox) -> None:
    inbox.note(look(5, 10), uidvalidity=1, first_uid=10, next_uid=11)
    inbox.leave()
    inbox.note(look(6, 11), uidvalidity=1, first_uid=11, next_uid=12)
    assert taken(inbox, 5.5, 10) is None
    inbox.leave()
    assert taken(inbox, 4, 10) is None
