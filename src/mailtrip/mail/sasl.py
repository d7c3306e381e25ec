"""SASL without I/O: which mechanism to take, and what the client says in it.

The grammars carry the messages, each in its protocol's own wrapping. APOP (POP3) and the LOGIN command (IMAP) are
chosen here, and spoken by their grammars.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import stringprep
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Protocol

from mailtrip.mail.quoting import clean
from mailtrip.model import Credentials, MailProtocol, Mechanism

__all__ = [
    "Conversation",
    "SASLError",
    "choose",
    "decode",
    "encode",
    "explain_no_login",
    "make_nonce",
    "prepare",
    "start",
]

_STRONGEST_FIRST = (
    Mechanism.SCRAM_SHA_256,
    Mechanism.SCRAM_SHA_1,
    Mechanism.CRAM_MD5,
    Mechanism.APOP,
    Mechanism.PLAIN,
    Mechanism.LOGIN,
)
# Some POP3 servers show an APOP timestamp to everyone and know APOP passwords of few: over TLS, where nothing is
# gained by it, it comes last.
_APOP_LAST = (
    Mechanism.SCRAM_SHA_256,
    Mechanism.SCRAM_SHA_1,
    Mechanism.CRAM_MD5,
    Mechanism.PLAIN,
    Mechanism.LOGIN,
    Mechanism.APOP,
)
_SHOWS_PASSWORD = frozenset({Mechanism.PLAIN, Mechanism.LOGIN})
_LEAST_ITERATIONS = 4096
_MOST_ITERATIONS = 1_000_000


class SASLError(Exception):
    """The exchange can't go on; the text says why, with no secret in it."""


def choose(offered: Collection[str], wanted: Mechanism, *, is_secure: bool, protocol: MailProtocol) -> Mechanism | str:
    """The mechanism to log in with.

    Args:
        offered: names in upper case as the server has them; `LOGIN` also stands for USER and PASS in POP3 and for the
            LOGIN command in IMAP, `APOP` for a timestamp in a POP3 greeting.
        wanted: one mechanism, or `AUTO` for the strongest that both sides know.
        is_secure: the connection has TLS, or the monitor's owner says that it is to have none. Otherwise no
            mechanism is taken that sends the password.
        protocol: APOP is of POP3 alone.

    Returns:
        The mechanism, or a sentence that says why there is none.
    """
    known = [mechanism for mechanism in _order(protocol, is_secure=is_secure) if mechanism.upper() in offered]
    fitting = [mechanism for mechanism in known if wanted in {Mechanism.AUTO, mechanism}]
    if not fitting:
        return _explain_nothing_offered(offered, wanted)
    allowed = [mechanism for mechanism in fitting if is_secure or mechanism not in _SHOWS_PASSWORD]
    if not allowed:
        names = " and ".join(mechanism.upper() for mechanism in fitting)
        return f"{names} would send the password over a connection without TLS"
    return allowed[0]


def _order(protocol: MailProtocol, *, is_secure: bool) -> list[Mechanism]:
    order = _APOP_LAST if is_secure else _STRONGEST_FIRST
    return [mechanism for mechanism in order if mechanism is not Mechanism.APOP or protocol is MailProtocol.POP3]


def _explain_nothing_offered(offered: Collection[str], wanted: Mechanism) -> str:
    names = clean(", ".join(sorted(offered)), longest=120)
    what = "a way to log in that is known here" if wanted is Mechanism.AUTO else wanted.upper()
    return f"the server does not offer {what}" + (f"; it offers {names}" if names else "")


def explain_no_login(why: str, credentials: Credentials) -> str:
    """The reason of a login that can't be tried, from what `choose` said.

    A server may name a mechanism like the password; names are in upper case by then.
    """
    return clean(f"login not possible: {why}", secrets=(credentials.password, credentials.password.upper()))


class Conversation(Protocol):
    """The client's side of one login.

    Attributes:
        name: the mechanism's registered name.
        first: what the client says unasked; None when the server speaks first.
        hides_challenges: what the server says would help to guess the password.
    """

    name: str
    first: bytes | None
    hides_challenges: bool

    def answer(self, challenge: bytes) -> bytes:
        """What to say to the server's next words.

        Raises:
            SASLError: when they make no sense, or the server has not proved that it knows the password.
        """
        ...

    def finish(self) -> None:
        """Called when the server says that the login is done.

        Raises:
            SASLError: when it owes a proof still.
        """
        ...

    @property
    def expects_challenge(self) -> bool:
        """Whether the server has something to say beyond yes or no."""
        ...


def make_nonce() -> str:
    """128 random bits as text without commas (RFC 5802, 5.1)."""
    return secrets.token_urlsafe(18)


def start(mechanism: Mechanism, credentials: Credentials, *, nonce: Callable[[], str] = make_nonce) -> Conversation:
    """Begin a login with a mechanism that `choose` has chosen; not APOP and not AUTO.

    Raises:
        SASLError: when the mechanism does not allow this user name or password.
    """
    match mechanism:
        case Mechanism.SCRAM_SHA_256:
            return _SCRAM("SCRAM-SHA-256", "sha256", credentials, nonce())
        case Mechanism.SCRAM_SHA_1:
            return _SCRAM("SCRAM-SHA-1", "sha1", credentials, nonce())
        case Mechanism.CRAM_MD5:
            return _CRAMMD5(credentials)
        case Mechanism.PLAIN:
            return _plain(credentials)
        case Mechanism.LOGIN:
            answers = [credentials.username.encode(), credentials.password.encode()]
            return _Recital(name="LOGIN", first=None, answers=answers)
        case Mechanism.APOP | Mechanism.AUTO:
            raise ValueError(f"{mechanism} is no SASL mechanism")


def encode(message: bytes) -> bytes:
    """Base64 as SMTP, POP3 and IMAP carry it in SASL exchanges (RFC 4648, 4)."""
    return base64.b64encode(message)


def decode(text: bytes) -> bytes:
    """The challenge in a server's line, blanks around it ignored.

    Raises:
        SASLError: when it is not Base64.
    """
    try:
        return base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        raise SASLError("the server sent a challenge that is not Base64") from None


@dataclass(slots=True, kw_only=True)
class _Recital:
    """PLAIN (RFC 4616) and LOGIN (draft-murchison-sasl-login): what is said does not depend on what is heard."""

    name: str
    first: bytes | None = field(repr=False)
    answers: list[bytes] = field(repr=False)
    hides_challenges: bool = False

    def answer(self, challenge: bytes) -> bytes:
        del challenge
        if not self.answers:
            raise SASLError(f"the server goes on asking after {self.name} is complete")
        return self.answers.pop(0)

    def finish(self) -> None:
        """Nothing is owed."""

    @property
    def expects_challenge(self) -> bool:
        return bool(self.answers)


def _plain(credentials: Credentials) -> Conversation:
    if "\0" in credentials.username + credentials.password:
        raise SASLError("PLAIN allows no NUL in user name or password")
    message = f"\0{credentials.username}\0{credentials.password}".encode()
    return _Recital(name="PLAIN", first=message, answers=[])


class _CRAMMD5:
    """RFC 2195, 2."""

    def __init__(self, credentials: Credentials) -> None:
        self.hides_challenges = True
        self.name = "CRAM-MD5"
        self.first: bytes | None = None
        self._credentials = credentials
        self._is_answered = False

    def answer(self, challenge: bytes) -> bytes:
        if self._is_answered:
            raise SASLError("the server goes on asking after CRAM-MD5 is complete")
        self._is_answered = True
        digest = hmac.digest(self._credentials.password.encode(), challenge, "md5")
        return f"{self._credentials.username} {digest.hex()}".encode()

    def finish(self) -> None:
        if not self._is_answered:
            raise SASLError("the server accepts a login without having asked for the password")

    @property
    def expects_challenge(self) -> bool:
        return not self._is_answered


_SERVER_FIRST = re.compile(r"r=([\x21-\x2B\x2D-\x7E]+),s=([A-Za-z0-9/+=]+),i=([1-9][0-9]{0,9})(?:,.*)?")


class _SCRAM:
    """RFC 5802, 5 and RFC 7677, without channel binding."""

    def __init__(self, name: str, digest: str, credentials: Credentials, nonce: str) -> None:
        self.name = name
        self.hides_challenges = True
        self._digest = digest
        self._nonce = nonce
        self._password = prepare(credentials.password).encode()
        username = prepare(credentials.username).replace("=", "=3D").replace(",", "=2C")
        self._bare = f"n={username},r={nonce}"
        self.first: bytes | None = f"n,,{self._bare}".encode()
        self._expected_proof: bytes | None = None
        self._is_proved = False

    def answer(self, challenge: bytes) -> bytes:
        if self._is_proved:
            raise SASLError(f"the server goes on asking after {self.name} is complete")
        try:
            text = challenge.decode()
        except UnicodeDecodeError:
            raise SASLError(f"the server's {self.name} message is not UTF-8") from None
        if self._expected_proof is None:
            return self._prove(text)
        self._check_proof(text, self._expected_proof)
        return b""

    def _prove(self, server_first: str) -> bytes:
        """Answer the server's nonce, salt and iteration count with the proof that the password is known."""
        match = _SERVER_FIRST.fullmatch(server_first)
        if match is None:
            raise SASLError(f"the server's {self.name} message is malformed")
        nonce, salt, iterations = match[1], decode(match[2].encode()), int(match[3])
        if not nonce.startswith(self._nonce) or nonce == self._nonce:
            raise SASLError(f"the server's {self.name} nonce does not extend the client's")
        if not _LEAST_ITERATIONS <= iterations <= _MOST_ITERATIONS:
            raise SASLError(
                f"the server asks for {iterations} iterations of {self.name}; "
                f"{_LEAST_ITERATIONS} to {_MOST_ITERATIONS} are accepted"
            )
        without_proof = f"c=biws,r={nonce}"
        signed = f"{self._bare},{server_first},{without_proof}".encode()
        salted = hashlib.pbkdf2_hmac(self._digest, self._password, salt, iterations)
        proof = encode(self._client_proof(salted, signed)).decode()
        server_key = hmac.digest(salted, b"Server Key", self._digest)
        self._expected_proof = hmac.digest(server_key, signed, self._digest)
        return f"{without_proof},p={proof}".encode()

    def _client_proof(self, salted: bytes, signed: bytes) -> bytes:
        client_key = hmac.digest(salted, b"Client Key", self._digest)
        stored_key = hashlib.new(self._digest, client_key).digest()
        signature = hmac.digest(stored_key, signed, self._digest)
        return bytes(a ^ b for a, b in zip(client_key, signature, strict=True))

    def _check_proof(self, server_final: str, expected: bytes) -> None:
        kind, _, value = server_final.partition(",")[0].partition("=")
        if kind == "e":
            raise SASLError(f"the server refuses {self.name}: {clean(value, longest=100)}")
        if kind != "v" or not hmac.compare_digest(decode(value.encode()), expected):
            raise SASLError("the server could not prove that it knows the password")
        self._is_proved = True

    def finish(self) -> None:
        if not self._is_proved:
            raise SASLError("the server accepts the login without proving that it knows the password")

    @property
    def expects_challenge(self) -> bool:
        return not self._is_proved


_PROHIBITED = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def prepare(text: str) -> str:
    """SASLprep of a query string: unassigned code points are allowed (RFC 4013; RFC 5802, 2.2).

    Raises:
        SASLError: when the text has characters that are prohibited, or mixes directions in a prohibited way.
    """
    mapped = "".join(
        " " if stringprep.in_table_c12(character) else character
        for character in text
        if not stringprep.in_table_b1(character)
    )
    # RFC 3454, 4.2 ties stringprep to Unicode 3.2.
    normal = unicodedata.ucd_3_2_0.normalize("NFKC", mapped)
    if any(prohibited(character) for character in normal for prohibited in _PROHIBITED):
        raise SASLError("the user name or password has characters that SCRAM does not allow")
    if any(map(stringprep.in_table_d1, normal)) and (
        any(map(stringprep.in_table_d2, normal))
        or not (stringprep.in_table_d1(normal[0]) and stringprep.in_table_d1(normal[-1]))
    ):
        raise SASLError("the user name or password mixes directions of writing in a way that SCRAM does not allow")
    return normal
