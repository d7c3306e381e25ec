"""Signatures of what is posted, as Standard Webhooks 1.0 has them, so that receivers can use its libraries. Pure."""

import base64
import binascii
import hmac
from datetime import datetime
from typing import Final

__all__ = ["NO_KEY", "signature_headers", "signing_key"]

_PREFIX: Final = "whsec_"
NO_KEY: Final = (
    "is no signing secret: whsec_ and 24 to 64 random bytes in base64; `echo whsec_$(openssl rand -base64 32)`"
)
"""What is wrong with a secret that has no key, and what would be right."""


def signing_key(secret: str) -> bytes:
    """The key in a signing secret; raises ValueError where there is none. The error has nothing of the secret."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(_PREFIX) or not 24 <= len(key) <= 64:
        raise ValueError(NO_KEY)
    return key


def signature_headers(key: bytes, *, message_id: str, at: datetime, content: bytes) -> dict[str, str]:
    """The three fields that tell a receiver who sent the content, when, and whether it has it already.

    Args:
        key: shared with the receiver.
        message_id: the same in all attempts; no dot in it.
        at: the time of this attempt.
        content: the body, byte by byte.
    """
    stamp = str(int(at.timestamp()))
    signed = b".".join((message_id.encode(), stamp.encode(), content))
    signature = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    return {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": f"v1,{signature}"}
