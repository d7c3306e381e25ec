"""Sessions of the dashboard, on every database."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from tests.contract.store.builders import ADMIN, NOW

from mailtrip.errors import AuthenticationFailed, NotFound, TokenRejected
from mailtrip.model import Actor, AuditAction, Origin, Role
from mailtrip.service import audit, retention, tokens, users, web_sessions
from mailtrip.service.tokens import VerifiedLogin
from mailtrip.store import Database
from mailtrip.store import users as user_rows

PASSWORD = "correct horse"
HASH = users.hash_password(PASSWORD)
ORIGIN = Origin(address="192.0.2.1", request_id="4711")
EMAIL = "admin@probe.test"


@pytest.fixture
def login(database: Database) -> VerifiedLogin:
    database.write(partial(users.add, actor=ADMIN, email=EMAIL, password=HASH, role=Role.ADMIN, now=NOW))
    return database.read(partial(tokens.verify, email=EMAIL, password=PASSWORD))


def begin(database: Database, login: VerifiedLogin, *, instead_of: str | None = None) -> str:
    work = partial(web_sessions.begin, login=login, origin=ORIGIN, now=NOW, instead_of=instead_of)
    return database.write(work)


def test_a_session_is_its_users_and_ends_when_told(database: Database, login: VerifiedLogin) -> None:
    session_id = begin(database, login)
    session = database.read(partial(web_sessions.identify, session_id=session_id, now=NOW))
    assert (session.actor.email, session.actor.role, session.is_due) == (EMAIL, Role.ADMIN, False)

    database.write(partial(web_sessions.end, actor=session.actor, session_id=session_id, now=NOW))

    with pytest.raises(TokenRejected, match="unknown"):
        database.read(partial(web_sessions.identify, session_id=session_id, now=NOW))
    actions = [entry.action for entry in database.read(partial(audit.page, actor=ADMIN))]
    assert actions[:2] == [AuditAction.USER_LOGGED_OUT, AuditAction.USER_LOGGED_IN]


def test_signing_in_again_ends_the_session_before(database: Database, login: VerifiedLogin) -> None:
    first = begin(database, login)
    second = begin(database, login, instead_of=first)

    assert first != second
    with pytest.raises(TokenRejected, match="unknown"):
        database.read(partial(web_sessions.identify, session_id=first, now=NOW))
    assert database.read(partial(web_sessions.identify, session_id=second, now=NOW)).actor.email == EMAIL


@pytest.mark.parametrize("text", ["", "x", "0" * 63, "0" * 64, "A" * 64, "0" * 65, "é" * 64])
def test_what_is_no_session_is_unknown(database: Database, text: str) -> None:
    with pytest.raises(TokenRejected, match="unknown"):
        database.read(partial(web_sessions.identify, session_id=text, now=NOW))


@pytest.mark.parametrize(
    ("uses", "then", "lasts"),
    [
        ([], timedelta(hours=11, minutes=59), True),
        ([], timedelta(hours=12), False),
        ([timedelta(hours=11)], timedelta(hours=22), True),
        ([timedelta(hours=11 * number) for number in range(1, 16)], timedelta(days=7) - timedelta(seconds=1), True),
        ([timedelta(hours=11 * number) for number in range(1, 16)], timedelta(days=7), False),
    ],
)
def test_a_session_lasts_as_long_as_it_is_used_but_not_for_ever(
    database: Database, login: VerifiedLogin, uses: list[timedelta], then: timedelta, lasts: bool
) -> None:
    session_id = begin(database, login)
    for use in uses:
        assert database.read(partial(web_sessions.identify, session_id=session_id, now=NOW + use)).is_due
        database.write(partial(web_sessions.touch, session_id=session_id, now=NOW + use))

    look = partial(web_sessions.identify, session_id=session_id, now=NOW + then)

    if lasts:
        assert database.read(look).actor.email == EMAIL
    else:
        with pytest.raises(TokenRejected, match="expired"):
            database.read(look)


def test_a_new_password_ends_all_sessions_and_nobody_signs_in_with_the_old_one(
    database: Database, login: VerifiedLogin
) -> None:
    session_id = begin(database, login)
    new = users.hash_password("another one")
    database.write(partial(users.change_password, actor=ADMIN, login=login, password=new, now=NOW))

    with pytest.raises(TokenRejected, match="unknown"):
        database.read(partial(web_sessions.identify, session_id=session_id, now=NOW))
    with pytest.raises(AuthenticationFailed):
        begin(database, login)
    assert database.read(partial(tokens.verify, email=EMAIL, password="another one")).user.email == EMAIL


def test_a_session_ends_with_its_user(database: Database, login: VerifiedLogin) -> None:
    session_id = begin(database, login)
    database.write(partial(user_rows.remove, user_id=login.user.id))

    with pytest.raises(TokenRejected, match="unknown"):
        database.read(partial(web_sessions.identify, session_id=session_id, now=NOW))


def test_what_has_ended_is_forgotten(database: Database, login: VerifiedLogin) -> None:
    old, used = begin(database, login), begin(database, login)
    later = NOW + timedelta(hours=13)
    database.write(partial(web_sessions.touch, session_id=used, now=later))

    database.write(partial(retention.expire, now=later, limit=100))

    with pytest.raises(TokenRejected, match="unknown"):
        database.read(partial(web_sessions.identify, session_id=old, now=later))
    assert database.read(partial(web_sessions.identify, session_id=used, now=later)).actor.email == EMAIL


def listed(database: Database, actor: Actor, session_id: str, *, now: datetime = NOW) -> list[tuple[object, ...]]:
    found = database.read(partial(web_sessions.list_own, actor=actor, session_id=session_id, now=now))
    return [(each.browser, each.network, each.is_this_one) for each in found]


def test_users_see_where_they_are_signed_in_this_one_first(database: Database, login: VerifiedLogin) -> None:
    actor = Actor.of(login.user)
    work = partial(web_sessions.begin, login=login, now=NOW)
    this = database.write(partial(work, origin=ORIGIN, browser="Firefox on Linux"))
    later = NOW + timedelta(hours=1)
    other = database.write(partial(work, origin=Origin(address="2001:db8:1:2::3", request_id=None)))
    database.write(partial(web_sessions.touch, session_id=other, now=later))

    assert listed(database, actor, this, now=later) == [
        ("Firefox on Linux", "192.0.2.*", True),
        (None, "2001:db8:1::*", False),
    ]
    assert listed(database, actor, this, now=NOW + timedelta(hours=12)) == [(None, "2001:db8:1::*", False)]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.77", "198.51.100.*"),
        ("::ffff:198.51.100.77", "198.51.100.*"),
        ("2001:db8:aaaa:bbbb::1", "2001:db8:aaaa::*"),
        ("local", None),
        (None, None),
    ],
)
def test_of_an_address_the_network_is_kept_only(
    database: Database, login: VerifiedLogin, address: str | None, network: str | None
) -> None:
    origin = Origin(address=address, request_id=None)
    this = database.write(partial(web_sessions.begin, login=login, origin=origin, now=NOW))

    assert listed(database, Actor.of(login.user), this) == [(None, network, True)]


def test_one_session_is_ended_or_all_others(database: Database, login: VerifiedLogin) -> None:
    actor = Actor.of(login.user)
    this, *_others = [begin(database, login) for _ in range(4)]
    found = database.read(partial(web_sessions.list_own, actor=actor, session_id=this, now=NOW))
    handle = found[1].handle

    database.write(partial(web_sessions.end_one, actor=actor, handle=handle, now=NOW))
    assert len(listed(database, actor, this)) == 3
    with pytest.raises(NotFound):
        database.write(partial(web_sessions.end_one, actor=actor, handle=handle, now=NOW))
    count = database.write(partial(web_sessions.end_others, actor=actor, session_id=this, now=NOW))

    assert count == 2
    assert [each[2] for each in listed(database, actor, this)] == [True]
    actions = [entry.action for entry in database.read(partial(audit.page, actor=ADMIN))]
    assert actions[:3] == [AuditAction.USER_LOGGED_OUT, AuditAction.USER_LOGGED_OUT, AuditAction.USER_LOGGED_IN]


def test_nobody_ends_a_session_of_somebody_else(database: Database, login: VerifiedLogin) -> None:
    actor, this = Actor.of(login.user), begin(database, login)
    [own] = database.read(partial(web_sessions.list_own, actor=actor, session_id=this, now=NOW))
    add = partial(users.add, actor=ADMIN, email="other@probe.test", password=HASH, role=Role.ADMIN, now=NOW)
    other = database.write(add)
    stranger = replace(actor, user_id=other.id)

    with pytest.raises(NotFound):
        database.write(partial(web_sessions.end_one, actor=stranger, handle=own.handle, now=NOW))
    assert database.write(partial(web_sessions.end_others, actor=stranger, session_id="0" * 64, now=NOW)) == 0
    assert listed(database, stranger, this) == []
    assert listed(database, actor, this) == [(None, "192.0.2.*", True)]
