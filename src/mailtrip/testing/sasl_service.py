"""The server's side of SASL: mechanisms as generators that yield challenges and are handed responses."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable, Generator
from typing import TypeAlias

from mailtrip.testing.mailstore import SCRAM_ITERATIONS, Account, MailStore

__all__ = ["MECHANISMS", "SaslExchange", "begin_exchange", "decode_response"]

SaslExchange: TypeAlias = Generator[bytes, bytes, Account | None]
"""Yields challenges, is sent responses, returns who has logged in; None when it failed."""


def _plain(store: MailStore) -> SaslExchange:
    """RFC 4616."""
    parts = (yield b"").split(b"\0")
    if len(parts) != 3 or parts[0] not in {b"", parts[1]}:
        return None
    return store.log_in(parts[1].decode(errors="replace"), parts[2].decode(errors="replace"))


def _login(store: MailStore) -> SaslExchange:
    """The expired draft-murchison-sasl-login, as everybody speaks it."""
    username = yield b"Username:"
    password = yield b"Password:"
    return store.log_in(username.decode(errors="replace"), password.decode(errors="replace"))


def _cram_md5(store: MailStore) -> SaslExchange:
    """RFC 2195."""
    challenge = f"<{secrets.token_hex(8)}@localhost>".encode()
    username, _, digest = (yield challenge).rpartition(b" ")
    account = store.find(username.decode(errors="replace"))
    if account is None:
        return None
    expected = hmac.new(account.password.encode(), challenge, hashlib.md5).hexdigest()
    return account if hmac.compare_digest(expected.encode(), digest) else None


def _scram(hash_name: str) -> Callable[[MailStore], SaslExchange]:
    def exchange(store: MailStore) -> SaslExchange:
        """RFC 5802; no channel binding."""
        first = (yield b"").decode(errors="replace")
        binding, _, rest = first.partition(",")
        authority, _, bare = rest.partition(",")
        fields = _fields(bare)
        account = store.find(fields.get("n", "").replace("=2C", ",").replace("=3D", "="))
        if binding not in {"n", "y"} or account is None or not fields.get("r"):
            return None
        nonce = fields["r"] + secrets.token_urlsafe(15)
        salt = base64.b64encode(account.scram_salt).decode()
        server_first = f"r={nonce},s={salt},i={SCRAM_ITERATIONS}"
        final = (yield server_first.encode()).decode(errors="replace")
        without_proof, _, proof = final.rpartition(",p=")
        header = base64.b64encode(f"{binding},{authority},".encode()).decode()
        if _fields(without_proof) != {"c": header, "r": nonce}:
            return None
        said = f"{bare},{server_first},{without_proof}".encode()
        key = account.scram_key(hash_name)
        if not _proof_is_right(key, hash_name, said, proof):
            return None
        server_key = hmac.digest(key, b"Server Key", hash_name)
        yield b"v=" + base64.b64encode(hmac.digest(server_key, said, hash_name))
        return account

    return exchange


def _proof_is_right(key: bytes, hash_name: str, said: bytes, proof: str) -> bool:
    client_key = hmac.digest(key, b"Client Key", hash_name)
    signature = hmac.digest(hashlib.new(hash_name, client_key).digest(), said, hash_name)
    expected = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
    return hmac.compare_digest(base64.b64encode(expected), proof.encode())


def _fields(text: str) -> dict[str, str]:
    return {part[0]: part[2:] for part in text.split(",") if part[1:2] == "="}


MECHANISMS: dict[str, Callable[[MailStore], SaslExchange]] = {
    "PLAIN": _plain,
    "LOGIN": _login,
    "CRAM-MD5": _cram_md5,
    "SCRAM-SHA-1": _scram("sha1"),
    "SCRAM-SHA-256": _scram("sha256"),
}


def begin_exchange(mechanism: str, store: MailStore) -> SaslExchange:
    """A fresh exchange; KeyError for a mechanism that isn't in `MECHANISMS`."""
    return MECHANISMS[mechanism](store)


def decode_response(line: bytes) -> bytes | None:
    """A response as bytes; None when it is not base64, or the `*` that gives up."""
    try:
        return base64.b64decode(line, validate=True)
    except binascii.Error:
        return None
