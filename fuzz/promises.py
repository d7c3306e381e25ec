"""What every target promises of what it hands out; a broken promise is an `AssertionError`."""

import dataclasses
from collections.abc import Iterator, Mapping

from mailtrip.mail.imap_folders import Folder
from mailtrip.mail.script import Refusal
from mailtrip.mail.transcript import Redactor
from mailtrip.model import Credentials, MessageRef

__all__ = ["LOGIN", "check_said", "check_texts", "texts_in"]

LOGIN = Credentials(username="tim", password="xyzzy-s3cret")
_LONGEST_REASON = 500
_REDACTOR = Redactor(LOGIN)


def check_said(text: str) -> None:
    """A sentence for people about what a server said: one bounded line, without a secret once it is redacted."""
    assert text.isprintable(), f"not printable: {text!r}"
    assert len(text) <= _LONGEST_REASON, f"{len(text)} characters: {text[:80]!r}"
    shown = _REDACTOR.clean(text)
    # Names in protocols are often put into upper case, where redacting would not know the password again.
    assert not any(form in shown for form in (LOGIN.password, LOGIN.password.upper())), f"the password in {text!r}"


def check_texts(value: object, *, longest: int = 1000) -> None:
    """All text in a value is printable and bounded, and what refuses is fit for people."""
    for text in texts_in(value):
        assert text.isprintable(), f"not printable: {text!r}"
        assert len(text) <= longest, f"{len(text)} characters: {text[:80]!r}"
    for refusal in (item for item in _walk(value) if isinstance(item, Refusal)):
        check_said(refusal.reason)


def texts_in(value: object) -> Iterator[str]:
    return (item for item in _walk(value) if isinstance(item, str))


def _walk(value: object) -> Iterator[object]:
    # A folder's name is an identifier: it has to go back to the server as it came.
    if isinstance(value, Folder | MessageRef):
        return
    yield value
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _walk(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for item in value.items():
            yield from _walk(item)
    elif isinstance(value, tuple | list | frozenset):
        for item in value:
            yield from _walk(item)
