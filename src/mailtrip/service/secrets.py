"""The installation's key: passwords are sealed with it, and other keys derived from it."""

import base64
import binascii
import hmac
import os
import stat
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mailtrip import store
from mailtrip.errors import ConfigurationError
from mailtrip.store import Connection

__all__ = ["KeyRing", "ensure_key"]

_KEY_BYTES = 32
_NONCE_BYTES = 12
_FORMAT = b"\x01"  # AES-256-GCM: format byte, nonce, ciphertext with tag
_MAKE_ONE = "a key is 32 random bytes in base64; `openssl rand -base64 32` makes one"


class KeyRing:
    """Seals and unseals passwords with AES-256-GCM. Never shows its key."""

    def __init__(self, key: bytes) -> None:
        """Take a key of 32 bytes; raises ValueError for any other length."""
        if len(key) != _KEY_BYTES:
            raise ValueError(f"a key has {_KEY_BYTES} bytes")
        self._cipher = AESGCM(_derive(key, b"mailtrip passwords"))
        self._token_key = _derive(key, b"mailtrip message tokens")
        self._digest_key = _derive(key, b"mailtrip digests of requests")
        self._link_key = _derive(key, b"mailtrip links in alerts")
        self._check = _derive(key, b"mailtrip key check")

    def __repr__(self) -> str:
        return "KeyRing()"

    @classmethod
    def generate(cls) -> "KeyRing":
        """A key ring with a new key that nobody else has: for one run without a service, and for tests."""
        return cls(os.urandom(_KEY_BYTES))

    @classmethod
    def from_text(cls, text: str) -> "KeyRing":
        """Read a key as an operator gives it.

        Raises:
            ConfigurationError: it is none.
        """
        try:
            key = base64.b64decode(text.strip(), validate=True)
        except (binascii.Error, ValueError):
            raise ConfigurationError(f"the secret key is not base64; {_MAKE_ONE}") from None
        if len(key) != _KEY_BYTES:
            raise ConfigurationError(f"the secret key has {len(key)} bytes; {_MAKE_ONE}")
        return cls(key)

    @classmethod
    def open(cls, path: Path) -> "KeyRing":
        """Read the key file, or make it, readable by its owner only.

        Raises:
            ConfigurationError: it can't be read or made, holds no key, or others on this machine may read it.
        """
        try:
            return cls._make_file(path)
        except FileExistsError:
            return cls.from_text(_read_private(path))
        except OSError as exc:
            raise ConfigurationError(f'the key file "{path}" can\'t be made: {exc.strerror}') from exc

    @property
    def token_key(self) -> bytes:
        """32 bytes that sign the tokens in test messages."""
        return self._token_key

    @property
    def check_value(self) -> bytes:
        """32 bytes that tell this key from another and say nothing else of it."""
        return self._check

    def digest(self, content: bytes) -> bytes:
        """32 bytes that are the same for the same content only; nobody can guess the content without the key."""
        return hmac.digest(self._digest_key, content, "sha256")

    def sign_link(self, content: bytes) -> bytes:
        """32 bytes that prove that a link in an alert was made with this key."""
        return hmac.digest(self._link_key, content, "sha256")

    def seal(self, text: str) -> bytes:
        """The text encrypted, different each time."""
        nonce = os.urandom(_NONCE_BYTES)
        return _FORMAT + nonce + self._cipher.encrypt(nonce, text.encode(), _FORMAT)

    def unseal(self, sealed: bytes) -> str:
        """The text that was sealed.

        Raises:
            ConfigurationError: it was sealed with another key, or altered.
        """
        start = len(_FORMAT)
        nonce, rest = sealed[start : start + _NONCE_BYTES], sealed[start + _NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, rest, sealed[:start]).decode()
        except (InvalidTag, ValueError):
            raise ConfigurationError(
                "a stored password can't be decrypted with this key; start with the key that belongs to the database"
            ) from None

    @classmethod
    def _make_file(cls, path: Path) -> "KeyRing":
        key = os.urandom(_KEY_BYTES)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file:  # noqa: PTH123  # a descriptor, not a path
            file.write(base64.b64encode(key) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        return cls(key)


def ensure_key(connection: Connection, keys: KeyRing) -> None:
    """At start: see that the database was made with this key, or note the key when it is the first.

    Raises:
        ConfigurationError: it was made with another key.
    """
    kept = store.accounts.key_check(connection)
    if kept is None:
        store.accounts.set_key_check(connection, keys.check_value)
    elif not hmac.compare_digest(kept, keys.check_value):
        raise ConfigurationError(
            "the database was made with another secret key; start with that key (secret.key in its data directory), "
            "or with an empty database"
        )


def _read_private(path: Path) -> str:
    try:
        with path.open(encoding="ascii", errors="replace") as file:
            mode = os.fstat(file.fileno()).st_mode
            if mode & (stat.S_IROTH | stat.S_IWOTH | stat.S_IWGRP):
                raise ConfigurationError(f'the key file "{path}" is open to others on this machine; chmod 600 it')
            return file.read(1024)
    except OSError as exc:
        raise ConfigurationError(f'the key file "{path}" can\'t be read: {exc.strerror}') from exc


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=purpose).derive(key)
