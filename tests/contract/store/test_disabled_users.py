"""Users who are disabled: nobody gets in as one of them, on every database."""

from functools import partial
from hashlib import sha256

import pytest
from tests.contract.store.builders import ADMIN, NOW

from mailtrip import store
from mailtrip.errors import AuthenticationFailed, InvalidInput, TokenRejected
from mailtrip.model import Actor, AuditAction, Origin, Role, User
from mailtrip.service import api_tokens, audit, tokens, users, web_sessions
from mailtrip.store import Connection, Database

PASSWORD = "correct horse"
HASH = users.hash_password(PASSWORD)
EMAIL = "bert@probe.test"
ORIGIN = Origin(address="192.0.2.1", request_id=None)


def add(database: Database, email: str = EMAIL, role: Role = Role.USER) -> User:
    return database.write(partial(users.add, actor=ADMIN, email=email, password=HASH, role=role, now=NOW))


def set_enabled(database: Database, user: User, enabled: bool) -> None:
    database.write(partial(users.set_enabled, actor=ADMIN, user_id=user.id, enabled=enabled, now=NOW))


def identify(database: Database, token: str) -> Actor:
    return database.read(partial(tokens.identify, token=token, now=NOW))


def test_access_tokens_and_sessions_end_and_stay_ended_when_the_user_is_enabled_again(database: Database) -> None:
    user = add(database)
    login = database.read(partial(tokens.verify, email=EMAIL, password=PASSWORD))
    token = database.write(partial(tokens.issue, login=login, now=NOW))
    session = database.write(partial(web_sessions.begin, login=login, origin=ORIGIN, now=NOW))

    for enabled in (False, True):
        set_enabled(database, user, enabled)

        with pytest.raises(TokenRejected, match="unknown"):
            identify(database, token)
        with pytest.raises(TokenRejected, match="unknown"):
            database.read(partial(web_sessions.identify, session_id=session, now=NOW))


def test_api_tokens_are_refused_until_the_user_is_enabled_again(database: Database) -> None:
    user = add(database)
    _, text = database.write(partial(api_tokens.create, actor=Actor.of(user), name="Script", now=NOW))

    set_enabled(database, user, False)

    with pytest.raises(TokenRejected, match="unknown"):
        identify(database, text)
    set_enabled(database, user, True)
    assert identify(database, text).user_id == user.id


def test_the_password_lets_nobody_in_not_even_when_it_was_seen_before(database: Database) -> None:
    user = add(database)
    login = database.read(partial(tokens.verify, email=EMAIL, password=PASSWORD))

    set_enabled(database, user, False)

    with pytest.raises(AuthenticationFailed, match=r"^User authentication failed\.$"):
        database.read(partial(tokens.verify, email=EMAIL, password=PASSWORD))
    with pytest.raises(AuthenticationFailed):
        database.write(partial(tokens.issue, login=login, now=NOW))
    with pytest.raises(AuthenticationFailed):
        database.write(partial(web_sessions.begin, login=login, origin=ORIGIN, now=NOW))
    set_enabled(database, user, True)
    assert database.write(partial(tokens.log_in, email=EMAIL, password=PASSWORD, now=NOW))


def test_a_token_that_was_given_out_at_the_same_moment_is_of_no_use(database: Database) -> None:
    user = add(database)
    set_enabled(database, user, False)
    late = partial(_insert_token, user=user)

    database.write(late)

    with pytest.raises(TokenRejected, match="unknown"):
        identify(database, "0" * 32)


def _insert_token(connection: Connection, user: User) -> None:
    digest, expires_at = sha256(b"0" * 32).digest(), NOW + tokens.LIFETIME
    store.tokens.insert(connection, digest, account_id=user.account_id, user_id=user.id, now=NOW, expires_at=expires_at)


def test_one_admin_stays_enabled(database: Database) -> None:
    anna, bert = add(database, "anna@probe.test", Role.ADMIN), add(database, role=Role.ADMIN)
    set_enabled(database, bert, False)

    works = (
        partial(users.set_enabled, user_id=anna.id, enabled=False),
        partial(users.set_role, user_id=anna.id, role=Role.USER),
        partial(users.remove, user_id=anna.id),
    )

    for work in works:
        with pytest.raises(InvalidInput, match="is the last Admin and has to stay"):
            database.write(partial(work, actor=ADMIN, now=NOW))
    database.write(partial(users.remove, actor=ADMIN, user_id=bert.id, now=NOW))


def test_the_audit_log_tells_who_was_disabled(database: Database) -> None:
    user = add(database)

    set_enabled(database, user, False)
    set_enabled(database, user, False)

    newest, before = database.read(partial(audit.page, actor=ADMIN))
    assert (newest.action, newest.record_name, newest.changes) == (
        AuditAction.USER_CHANGED,
        EMAIL,
        {"enabled": (True, False)},
    )
    assert before.action is AuditAction.USER_CREATED
