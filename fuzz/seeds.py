"""The seeds that fuzzing starts from: the corpus of the tests, words of the protocols, and whole sessions."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from fuzz.grammars import FRAMERS, IMAP_SCRIPTS, POP3_SCRIPTS, SMTP_SCRIPTS
from fuzz.headers import MESSAGE, TOKEN
from fuzz.inputs import pack
from fuzz.promises import LOGIN
from fuzz.sessions import IMAP_SESSIONS, POP3_SESSIONS, SMTP_SESSIONS
from tests.corpus.samples import bounce, bounces, header_of, message, messages, received
from tests.unit.mail.test_hostile import IMAP_WORDS, POP3_WORDS, SMTP_WORDS

__all__ = ["SEEDS", "WORDS", "write_dictionary", "write_seeds"]


def write_seeds(target: str, folder: Path) -> None:
    """Write the seeds of a target as files, next to what earlier runs have found there."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in SEEDS[target]:
        (folder / f"seed-{sha256(seed).hexdigest()[:16]}").write_bytes(seed)


def write_dictionary(target: str, path: Path) -> None:
    """Write the words of a target as a dictionary of libFuzzer: one quoted string a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ('"{}"\n'.format("".join(f"\\x{byte:02x}" for byte in word)) for word in WORDS[target] if word)
    path.write_text("".join(lines))


def _conversations(scripts: int, sessions: Sequence[bytes], words: Sequence[bytes]) -> Iterator[bytes]:
    for number, session in enumerate(sessions):
        yield pack(session, cuts=number)
        yield from (pack(session, choice=choice) for choice in range(1, scripts))
    for choice in range(scripts):
        yield from (pack(words[choice % len(words)] + word, choice=choice, cuts=choice) for word in words)


def _headers() -> Iterator[bytes]:
    yield from (message(name) for name in messages())
    yield header_of(*received().values())
    yield from (header_of(body) for body in received().values())


def _bounces() -> Iterator[bytes]:
    yield from (bounce(name, TOKEN.text) for name in bounces())


def _tokens() -> Iterator[bytes]:
    yield MESSAGE
    yield MESSAGE.replace(b"x-mailtrip", b"x-other").replace(b"\r\n", b"\n")
    yield TOKEN.text.encode()
    yield b"=\r\n".join((TOKEN.text[:20].encode(), TOKEN.text[20:].encode()))


_FORMS = (
    b"Content-Type: text/plain; charset*=utf-8''utf-8\n\n\xc3\xa9",
    b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nText\n--b\nContent-Type: text/html\n\n<p>\n--b--\n",
    b"Content-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n#0V%T\n`\nend\n",
    b"Content-Transfer-Encoding: quoted-printable\n\nA=20B=\nC\n",
    b"Content-Transfer-Encoding: base64\n\nSGVsbG8=\n",
)
_FILTERS = (
    b"X-Spam-Status: Yes, score=7.1 required=5.0\nX-Spam-Flag: YES\nX-Spam-Level: *******\nX-Spam_score: 7\n\n",
    b"X-Spamd-Result: default: False [-1.2 / 15.0]\nX-Rspamd-Score: -1.2\nX-Spamd-Bar: ---\n\n",
    b"X-Forefront-Antispam-Report: CIP:1;SCL:5;\nX-Microsoft-Antispam: BCL:3;\nX-MS-Exchange-Organization-SCL: -1\n\n",
    b"X-Proofpoint-Spam-Details: rule=inbound_notspam policy=inbound score=0\nX-Spam: yes\n\n",
    b"X-Barracuda-Spam-Status: No, SCORE=0.10 required=5\nX-Barracuda-Spam-Score: 0.10\nX-Barracuda-Spam-Flag: NO\n\n",
)


def _packed(*groups: Iterator[bytes] | Sequence[bytes]) -> tuple[bytes, ...]:
    contents = [content for group in groups for content in group]
    plain = [pack(content, choice=number % 4) for number, content in enumerate(contents)]
    return (*plain, *(pack(content, repeats=True) for content in contents[:5]))


_WIRE_SESSIONS = (*SMTP_SESSIONS, *POP3_SESSIONS, *IMAP_SESSIONS)
SEEDS: Mapping[str, tuple[bytes, ...]] = {
    "framers": tuple(
        pack(session, choice=choice + wide, cuts=choice)
        for choice in range(len(FRAMERS))
        for wide in (0, 128)
        for session in _WIRE_SESSIONS
    ),
    "smtp": tuple(_conversations(len(SMTP_SCRIPTS), SMTP_SESSIONS, SMTP_WORDS)),
    "pop3": tuple(_conversations(len(POP3_SCRIPTS), POP3_SESSIONS, POP3_WORDS)),
    "imap": tuple(_conversations(len(IMAP_SCRIPTS), IMAP_SESSIONS, IMAP_WORDS)),
    "received": _packed(_headers()),
    "authentication": _packed(_headers()),
    "spam": _packed(_FILTERS, _headers()),
    "bounce": _packed(_bounces(), _tokens()),
    "facts": _packed(_headers(), _FILTERS),
    "token": _packed(_tokens(), _bounces(), (message(name) for name in messages())),
    "compare": _packed(_tokens(), _FORMS, _bounces()),
}

_ANSWERS = (LOGIN.password.encode(), b"\r\n", b"+", b"-ERR ", b"[", b"]", b"{3}\r\n", b"334 ")
_TRACE = (
    b"Received: ",
    b"from ",
    b" by ",
    b" with ",
    b" id ",
    b" for ",
    b"(",
    b")",
    b";",
    b"[192.0.2.1]",
    b"HELO ",
    b"+0000",
)
_RESULTS = (
    b"Authentication-Results: ",
    b"Received-SPF: ",
    b"ARC-Authentication-Results: i=1; ",
    b"spf=",
    b"dkim=",
    b"pass",
    b'"',
)
_REPORT = (
    b"multipart/report; boundary=",
    b"message/delivery-status",
    b"Final-Recipient: ",
    b"Status: 5.1.1",
    b"Action: ",
    b"\n\n",
)
_MIME = (
    b"Content-Type: ",
    b"Content-Transfer-Encoding: ",
    b"base64",
    b"x-uuencode",
    b"charset=",
    b"boundary=",
    b"multipart/mixed",
)
_MARK = (TOKEN.text.encode(), b"X-Mailtrip-Token: ", b"Message-ID: ", b"mailtrip", b"=\r\n", b"References: ")
WORDS: Mapping[str, Sequence[bytes]] = {
    "framers": (*SMTP_WORDS, *POP3_WORDS, *IMAP_WORDS),
    "smtp": (*SMTP_WORDS, *_ANSWERS),
    "pop3": (*POP3_WORDS, *_ANSWERS),
    "imap": (*IMAP_WORDS, *_ANSWERS, b'"INBOX"', b"&AOQ-", b"* STATUS ", b"UIDVALIDITY ", b"INTERNALDATE "),
    "received": _TRACE,
    "authentication": (*_TRACE, *_RESULTS),
    "spam": (b"X-Spam-Status: ", b"score=", b"required=", b"X-Spamd-Result: ", b"SCL:", b"BCL:", b"Yes", b"No"),
    "bounce": (*_REPORT, *_MARK, *_MIME),
    "facts": (*_TRACE, *_RESULTS),
    "token": (*_MARK, *_MIME),
    "compare": (*_MIME, *_MARK),
}
