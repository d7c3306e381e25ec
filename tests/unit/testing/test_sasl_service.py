import base64
import hashlib
import hmac

import pytest
from tests.unit.testing.conversation import scram_messages

from mailtrip.testing.mailstore import Account, MailStore
from mailtrip.testing.sasl_service import begin_exchange, decode_response

STORE = MailStore({"probe@mail.test": "secret"}, uid_validity=1)
ACCOUNT = STORE.find("probe@mail.test")
SCRAMS = pytest.mark.parametrize(("mechanism", "hash_name"), [("SCRAM-SHA-1", "sha1"), ("SCRAM-SHA-256", "sha256")])


def last(mechanism: str, *responses: bytes) -> Account | None:
    """Who has logged in after these responses, sent as the challenges come."""
    exchange = begin_exchange(mechanism, STORE)
    next(exchange)
    for response in responses[:-1]:
        exchange.send(response)
    with pytest.raises(StopIteration) as finished:
        exchange.send(responses[-1])
    account: Account | None = finished.value.value
    return account


@pytest.mark.parametrize(
    ("response", "account"),
    [
        (b"\0probe@mail.test\0secret", ACCOUNT),
        (b"probe@mail.test\0probe@mail.test\0secret", ACCOUNT),
        (b"\0PROBE@mail.test\0secret", ACCOUNT),
        (b"other\0probe@mail.test\0secret", None),
        (b"\0probe@mail.test\0wrong", None),
        (b"\0nobody@mail.test\0secret", None),
        (b"probe@mail.test\0secret", None),
        (b"", None),
    ],
)
def test_plain_needs_the_right_name_and_password(response: bytes, account: Account | None) -> None:
    assert last("PLAIN", response) is account


def test_login_asks_for_name_and_password() -> None:
    assert last("LOGIN", b"probe@mail.test", b"secret") is ACCOUNT
    assert last("LOGIN", b"probe@mail.test", b"wrong") is None


def test_cram_md5_wants_the_digest_of_its_challenge() -> None:
    exchange = begin_exchange("CRAM-MD5", STORE)
    digest = hmac.new(b"secret", next(exchange), hashlib.md5).hexdigest().encode()
    with pytest.raises(StopIteration) as finished:
        exchange.send(b"probe@mail.test " + digest)
    assert finished.value.value is ACCOUNT
    assert last("CRAM-MD5", b"probe@mail.test " + digest) is None, "a digest is good for one challenge"


@SCRAMS
def test_scram_proves_both_sides(mechanism: str, hash_name: str) -> None:
    exchange = begin_exchange(mechanism, STORE)
    next(exchange)
    bare = "n=probe@mail.test,r=abc"
    server_first = exchange.send(f"n,,{bare}".encode()).decode()
    final, signature = scram_messages("secret", hash_name, bare, server_first)
    assert exchange.send(final.encode()).decode() == signature
    with pytest.raises(StopIteration) as finished:
        exchange.send(b"")
    assert finished.value.value is ACCOUNT


@SCRAMS
def test_scram_refuses_a_wrong_password_and_a_wrong_nonce(mechanism: str, hash_name: str) -> None:
    bare = "n=probe@mail.test,r=abc"
    for password, spoiled in (("wrong", ",r="), ("secret", ",r=x")):
        exchange = begin_exchange(mechanism, STORE)
        next(exchange)
        server_first = exchange.send(f"n,,{bare}".encode()).decode()
        final, _ = scram_messages(password, hash_name, bare, server_first)
        with pytest.raises(StopIteration) as finished:
            exchange.send(final.replace(",r=", spoiled).encode())
        assert finished.value.value is None


@pytest.mark.parametrize(
    "first", [b"", b"n,,", b"p=tls-unique,,n=probe@mail.test,r=abc", b"n,,n=probe@mail.test", b"\xff"]
)
def test_scram_refuses_a_first_message_it_does_not_understand(first: bytes) -> None:
    assert last("SCRAM-SHA-256", first) is None


def test_a_response_that_is_no_base64_or_gives_up_is_none() -> None:
    assert decode_response(base64.b64encode(b"\0a\0b")) == b"\0a\0b"
    assert decode_response(b"") == b""
    assert decode_response(b"*") is None
    assert decode_response(b"not base64!") is None
