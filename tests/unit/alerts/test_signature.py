"""Signatures are those of Standard Webhooks, and a secret is what it says one is."""

import base64
from datetime import UTC, datetime

import pytest

from mailtrip.alerts.signature import signature_headers, signing_key


def test_a_signature_is_that_of_the_published_example() -> None:
    headers = signature_headers(
        signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        at=datetime.fromtimestamp(1614265330, UTC),
        content=b'{"test": 2432232314}',
    )

    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize("size", [24, 64])
def test_a_secret_of_24_to_64_bytes_has_a_key(size: int) -> None:
    key = bytes(range(size))

    assert signing_key("whsec_" + base64.b64encode(key).decode()) == key


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        "hunter2",
        base64.b64encode(bytes(32)).decode(),
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        "whsec_" + base64.b64encode(bytes(65)).decode(),
        "whsec_" + "ä" * 40,
        "whsec_" + "AAA AAAA" * 6,
    ],
)
def test_what_is_no_secret_has_none_and_is_not_shown(secret: str) -> None:
    with pytest.raises(ValueError, match="is no signing secret") as caught:
        signing_key(secret)

    assert not secret.removeprefix("whsec_") or secret not in str(caught.value)
