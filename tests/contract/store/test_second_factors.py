"""Second factors of logins, on every database."""

import base64
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from tests.contract.store.builders import ADMIN, KEYS, NOW

from mailtrip.errors import AuthenticationFailed, Forbidden, InvalidInput
from mailtrip.model import Actor, Role
from mailtrip.service import audit, second_factors, tokens, users
from mailtrip.service.tokens import VerifiedLogin
from mailtrip.store import Database

PASSWORD = "correct horse"
HASH = users.hash_password(PASSWORD)
EMAIL = "admin@probe.test"
SECRET = base64.b32encode(b"12345678901234567890").decode()  # RFC 6238, appendix B
STEP = timedelta(seconds=30)


def code_at(seconds: float) -> str:
    return TOTP(base64.b32decode(SECRET), 6, SHA1(), 30).generate(int(seconds)).decode()


CODE = code_at(NOW.timestamp())


@pytest.fixture
def login(database: Database) -> VerifiedLogin:
    database.write(partial(users.add, actor=ADMIN, email=EMAIL, password=HASH, role=Role.ADMIN, now=NOW))
    return database.read(partial(tokens.verify, email=EMAIL, password=PASSWORD))


@pytest.fixture
def recovery(database: Database, login: VerifiedLogin) -> tuple[str, ...]:
    """With the factor on."""
    actor = Actor.of(login.user)
    return database.write(partial(second_factors.turn_on, actor=actor, secret=SECRET, code=CODE, keys=KEYS, now=NOW))


@pytest.fixture
def is_right(database: Database, login: VerifiedLogin) -> Callable[..., bool]:
    def ask(code: str, *, after: timedelta = STEP) -> bool:
        work = partial(second_factors.is_right, user_id=login.user.id, code=code, keys=KEYS, now=NOW + after)
        return database.write(work)

    return ask


def test_codes_are_those_of_the_standard() -> None:
    assert [code_at(seconds) for seconds in (59, 1111111109, 1234567890)] == ["287082", "081804", "005924"]


def test_the_app_opens_the_secret_by_its_address() -> None:
    assert second_factors.address_of(SECRET, "a b@probe.test") == (
        f"otpauth://totp/Mailtrip%3Aa%20b%40probe.test?secret={SECRET}&issuer=Mailtrip"
    )
    assert len(base64.b32decode(second_factors.make_secret())) == 20


@pytest.mark.parametrize(("secret", "code"), [(SECRET, "000000"), (SECRET, ""), ("x", CODE), (SECRET.lower(), CODE)])
def test_it_is_turned_on_with_a_code_only(database: Database, login: VerifiedLogin, secret: str, code: str) -> None:
    actor = Actor.of(login.user)
    with pytest.raises(InvalidInput):
        database.write(partial(second_factors.turn_on, actor=actor, secret=secret, code=code, keys=KEYS, now=NOW))

    assert not database.read(partial(second_factors.is_on, user_id=login.user.id))


@pytest.mark.usefixtures("recovery")
def test_a_code_is_taken_once_and_of_the_steps_around_now(is_right: Callable[..., bool]) -> None:
    assert not is_right(CODE, after=timedelta(0))  # it was used to turn it on
    following = code_at((NOW + STEP).timestamp())
    assert is_right(f" {following[:3]} {following[3:]} ")
    assert not is_right(following)
    assert not is_right(code_at((NOW + 4 * STEP).timestamp()))
    assert is_right(code_at((NOW + 4 * STEP).timestamp()), after=3 * STEP)
    assert not is_right(code_at((NOW + 3 * STEP).timestamp()), after=3 * STEP)


def test_each_recovery_code_is_taken_once_however_it_is_typed(
    recovery: tuple[str, ...], is_right: Callable[..., bool]
) -> None:
    first, second = recovery[:2]
    assert len(set(recovery)) == 8
    assert is_right(f"{first[:4]}-{first[4:8]}-{first[8:]}".upper())
    assert not is_right(first)
    assert is_right(second)


@pytest.mark.usefixtures("recovery")
def test_a_password_alone_gets_no_token(database: Database, login: VerifiedLogin) -> None:
    with pytest.raises(Forbidden, match="use an API token"):
        database.write(partial(tokens.issue, login=login, now=NOW))

    database.write(partial(second_factors.turn_off, actor=Actor.of(login.user), now=NOW))

    assert database.write(partial(tokens.issue, login=login, now=NOW))


@pytest.mark.usefixtures("recovery")
def test_the_operator_and_nobody_else_takes_it_from_a_user(database: Database, login: VerifiedLogin) -> None:
    admin = Actor.of(login.user)
    with pytest.raises(Forbidden):
        database.write(partial(second_factors.turn_off_for, actor=admin, user=login.user, now=NOW))

    database.write(partial(second_factors.turn_off_for, actor=ADMIN, user=login.user, now=NOW))

    assert not database.read(partial(second_factors.is_on, user_id=login.user.id))
    changes = [dict(entry.changes) for entry in database.read(partial(audit.page, actor=ADMIN))][:2]
    assert changes == [{"second_factor": ("set", "cleared")}, {"second_factor": (None, "set")}]


def test_a_ticket_is_of_one_login_one_browser_and_five_minutes(database: Database, login: VerifiedLogin) -> None:
    ticket = second_factors.make_ticket(login, browser="b", keys=KEYS, now=NOW)

    def redeem(text: str = ticket, *, email: str = EMAIL, browser: str = "b", seconds: int = 0) -> VerifiedLogin:
        now = NOW + timedelta(seconds=seconds)
        work = partial(second_factors.redeem_ticket, ticket=text, email=email, browser=browser, keys=KEYS, now=now)
        return database.read(work)

    assert redeem(seconds=299) == login
    wrong: list[Callable[[], VerifiedLogin]] = [
        lambda: redeem(seconds=301),
        lambda: redeem(email="nobody@probe.test"),
        lambda: redeem(browser="c"),
        lambda: redeem("99999999999" + ticket[10:]),
        lambda: redeem(""),
        lambda: redeem("²." + ticket),
    ]
    for attempt in wrong:
        with pytest.raises(AuthenticationFailed):
            attempt()
    new = users.hash_password("another one")
    database.write(partial(users.change_password, actor=ADMIN, login=login, password=new, now=NOW))
    with pytest.raises(AuthenticationFailed):
        redeem()
