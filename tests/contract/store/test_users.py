"""Users and their access tokens."""

import re
import threading
import unicodedata
from datetime import timedelta

import pytest
from sqlalchemy import Connection, text
from tests.contract.store.builders import ADMIN, NOW, STRANGER, actor

from mailtrip.errors import AuthenticationFailed, Forbidden, InvalidInput, NotFound, TokenRejected
from mailtrip.model import Actor, Role, User, UserSettings
from mailtrip.service import tokens, users
from mailtrip.service.users import PasswordHash
from mailtrip.store import Database

PASSWORD = "correct horse"
HASH = users.hash_password(PASSWORD)
OTHER_HASH = users.hash_password("battery staple")


def add(database: Database, email: str = "anna@probe.test", role: Role = Role.ADMIN, by: Actor = ADMIN) -> User:
    return database.write(lambda connection: users.add(connection, by, email=email, password=HASH, role=role, now=NOW))


def log_in(database: Database, email: str = "anna@probe.test", password: str = PASSWORD) -> str:
    return database.write(lambda connection: tokens.log_in(connection, email=email, password=password, now=NOW))


def identify(database: Database, token: str, after: timedelta = timedelta(0)) -> Actor:
    return database.read(lambda connection: tokens.identify(connection, token, now=NOW + after))


def set_password(database: Database, user: User, password: PasswordHash = OTHER_HASH, by: Actor = ADMIN) -> None:
    database.write(lambda connection: users.set_password(connection, by, user.id, password=password, now=NOW))


def set_role(database: Database, user: User, role: Role, by: Actor = ADMIN) -> None:
    database.write(lambda connection: users.set_role(connection, by, user.id, role=role, now=NOW))


def remove(database: Database, user: User, by: Actor = ADMIN) -> None:
    database.write(lambda connection: users.remove(connection, by, user.id, now=NOW))


def test_a_user_is_listed_as_made(database: Database) -> None:
    user = add(database, "Anna@Probe.test", Role.POWER_USER)
    settings = UserSettings(email="Anna@Probe.test", role=Role.POWER_USER)
    expected = User(id=100001, guid=user.guid, account_id=1, settings=settings, created_at=NOW)
    assert user == expected
    assert re.fullmatch("[0-9a-f]{32}", user.guid)
    assert database.read(lambda connection: users.list_all(connection, ADMIN)) == [expected]
    assert database.read(lambda connection: users.find(connection, ADMIN, email="anna@probe.TEST")) == expected
    assert database.read(users.count_all) == 1


def test_an_address_is_taken_in_any_case(database: Database) -> None:
    add(database, "anna@probe.test")
    with pytest.raises(InvalidInput, match="is taken"):
        add(database, "ANNA@probe.test")
    assert database.read(users.count_all) == 1


def test_a_refused_user_leaves_the_transaction_usable(database: Database) -> None:
    add(database)

    def twice(connection: Connection) -> User:
        with pytest.raises(InvalidInput):
            users.add(connection, ADMIN, email="anna@probe.test", password=HASH, role=Role.USER, now=NOW)
        return users.add(connection, ADMIN, email="bert@probe.test", password=HASH, role=Role.USER, now=NOW)

    assert database.write(twice).email == "bert@probe.test"


@pytest.mark.parametrize("email", ["", "nobody", "a@b@c", "Anna <anna@probe.test>", "a@probe.test\r\nRCPT TO:<b@c>"])
def test_a_user_needs_a_mail_address(database: Database, email: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        add(database, email)
    assert [fault.field for fault in caught.value.faults] == ["email"]


@pytest.mark.parametrize("role", [Role.POWER_USER, Role.USER, Role.READ_ONLY])
def test_only_admins_and_co_admins_manage_users(database: Database, role: Role) -> None:
    user, by = add(database), actor(role)
    for verb in (
        lambda: add(database, "b@probe.test", Role.USER, by),
        lambda: set_password(database, user, by=by),
        lambda: set_role(database, user, Role.USER, by),
        lambda: remove(database, user, by),
        lambda: database.read(lambda connection: users.list_all(connection, by)),
        lambda: database.read(lambda connection: users.find(connection, by, email=user.email)),
    ):
        with pytest.raises(Forbidden, match="Admin or Co-Admin"):
            verb()


def test_a_co_admin_has_no_power_over_admins(database: Database) -> None:
    admin, by = add(database), actor(Role.CO_ADMIN)
    user = add(database, "user@probe.test", Role.USER, by)
    for verb in (
        lambda: add(database, "b@probe.test", Role.ADMIN, by),
        lambda: set_password(database, admin, by=by),
        lambda: set_role(database, admin, Role.USER, by),
        lambda: set_role(database, user, Role.ADMIN, by),
        lambda: remove(database, admin, by),
    ):
        with pytest.raises(Forbidden, match=r"needs role Admin$"):
            verb()


def test_the_last_admin_can_not_be_removed_or_demoted(database: Database) -> None:
    first, second = add(database), add(database, "bert@probe.test")
    set_role(database, second, Role.CO_ADMIN)
    with pytest.raises(InvalidInput, match="last Admin"):
        remove(database, first)
    with pytest.raises(InvalidInput, match="last Admin"):
        set_role(database, first, Role.USER)
    set_role(database, second, Role.ADMIN)
    remove(database, first)
    assert database.read(lambda connection: users.list_all(connection, ADMIN))[0].id == second.id


def test_others_can_be_removed_while_one_admin_stays(database: Database) -> None:
    add(database)
    remove(database, add(database, "user@probe.test", Role.USER))
    assert database.read(users.count_all) == 1


def test_two_admins_who_remove_each_other_leave_one(database: Database) -> None:
    admins = [add(database), add(database, "bert@probe.test")]
    refused: list[str] = []

    def remove_one(user: User) -> None:
        try:
            remove(database, user)
        except InvalidInput as exc:
            refused.append(str(exc))

    threads = [threading.Thread(target=remove_one, args=(user,)) for user in admins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert database.read(users.count_all) == 1


def test_an_address_is_found_in_any_spelling_of_its_letters(database: Database) -> None:
    user = add(database, "grüße@probe.test")
    decomposed = unicodedata.normalize("NFD", "GRÜSSE@probe.test")
    assert database.read(lambda connection: users.find(connection, ADMIN, email=decomposed)) == user


def test_users_of_another_account_are_not_found(database: Database) -> None:
    user = add(database)
    for verb in (
        lambda: set_password(database, user, by=STRANGER),
        lambda: set_role(database, user, Role.USER, STRANGER),
        lambda: remove(database, user, STRANGER),
        lambda: database.read(lambda connection: users.find(connection, STRANGER, email=user.email)),
    ):
        with pytest.raises(NotFound):
            verb()
    assert database.read(lambda connection: users.list_all(connection, STRANGER)) == []


def test_a_login_gives_a_token_that_identifies_the_user(database: Database) -> None:
    user = add(database, role=Role.USER)
    token = log_in(database, "ANNA@probe.test")
    assert len(token) == 32
    assert set(token) <= set("0123456789abcdef")
    assert identify(database, token) == Actor(account_id=1, role=Role.USER, user_id=user.id, email=user.email)


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("anna@probe.test", "wrong"),
        ("anna@probe.test", ""),
        ("anna@probe.test", "x" * 5000),
        ("anna@probe.test", "half \ud83d"),
        ("bert@probe.test", PASSWORD),
        ("", PASSWORD),
        ("nul\0@probe.test", PASSWORD),
        ("half \ud83d", PASSWORD),
        ("x" * 100_000, PASSWORD),
    ],
)
def test_a_wrong_login_is_refused_without_saying_why(database: Database, email: str, password: str) -> None:
    add(database)
    with pytest.raises(AuthenticationFailed, match=r"^User authentication failed\.$"):
        log_in(database, email, password)


def test_a_token_lives_for_an_hour(database: Database) -> None:
    add(database)
    token = log_in(database)
    hour = timedelta(hours=1)
    assert identify(database, token, hour - timedelta(microseconds=1)).email == "anna@probe.test"
    with pytest.raises(TokenRejected, match=r"^expired$"):
        identify(database, token, hour)


@pytest.mark.parametrize("token", ["", "0" * 32, "nonsense", "g" * 32, "é" * 32, "0" * 33, "0" * 32 + "\n"])
def test_a_token_that_nobody_was_given_is_unknown(database: Database, token: str) -> None:
    with pytest.raises(TokenRejected, match=r"^unknown$"):
        identify(database, token)


def test_several_tokens_live_at_once_and_end_one_by_one(database: Database) -> None:
    add(database)
    first, second = log_in(database), log_in(database)
    database.write(lambda connection: tokens.log_out(connection, ADMIN, first, now=NOW))
    with pytest.raises(TokenRejected, match=r"^unknown$"):
        identify(database, first)
    assert identify(database, second).email == "anna@probe.test"


def test_ending_a_token_that_is_not_there_does_no_harm(database: Database) -> None:
    database.write(lambda connection: tokens.log_out(connection, ADMIN, "0" * 32, now=NOW))
    database.write(lambda connection: tokens.log_out(connection, ADMIN, "nonsense", now=NOW))


def test_tokens_end_with_a_new_password_and_so_does_the_old_password(database: Database) -> None:
    user = add(database)
    token = log_in(database)
    set_password(database, user)
    with pytest.raises(TokenRejected, match=r"^unknown$"):
        identify(database, token)
    with pytest.raises(AuthenticationFailed):
        log_in(database)
    assert log_in(database, password="battery staple")


def test_tokens_end_with_the_user(database: Database) -> None:
    add(database)
    bert = add(database, "bert@probe.test")
    token = log_in(database, "bert@probe.test")
    remove(database, bert)
    with pytest.raises(TokenRejected, match=r"^unknown$"):
        identify(database, token)


def test_a_new_role_holds_for_tokens_that_are_out(database: Database) -> None:
    add(database)
    bert = add(database, "bert@probe.test")
    token = log_in(database, "bert@probe.test")
    set_role(database, bert, Role.READ_ONLY)
    assert identify(database, token).role is Role.READ_ONLY


def test_no_token_is_given_when_the_password_changed_after_it_was_seen(database: Database) -> None:
    user = add(database)
    login = database.read(lambda connection: tokens.verify(connection, email="anna@probe.test", password=PASSWORD))
    set_password(database, user)
    with pytest.raises(AuthenticationFailed):
        database.write(lambda connection: tokens.issue(connection, login, now=NOW))


def test_no_token_and_no_password_can_be_read_from_the_database(database: Database) -> None:
    add(database)
    token = log_in(database)
    (digest,) = database.read(lambda connection: connection.scalars(text("SELECT digest FROM tokens")).all())
    (stored,) = database.read(lambda connection: connection.scalars(text("SELECT password_hash FROM users")).all())
    assert token.encode() not in bytes(digest)
    assert bytes.fromhex(token) not in bytes(digest)
    assert stored.startswith("$argon2id$")
    assert PASSWORD not in stored
