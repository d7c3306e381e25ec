"""What fuzzing has found: bytes of servers that once broke a promise of a script."""

import pytest

from mailtrip.mail import pop3, smtp
from mailtrip.mail.framing import LineFramer
from mailtrip.mail.imap import IMAPGrammar
from mailtrip.mail.script import BrokenProtocol, Refusal
from mailtrip.mail.transcript import Redactor
from mailtrip.model import Credentials
from mailtrip.testing.scripts import play

LOGIN = Credentials(username="tim", password="xyzzy-s3cret")


def grammar() -> IMAPGrammar:
    made = IMAPGrammar()
    play(made.greeting(), [b"* OK [CAPABILITY IMAP4rev1] hi\r\n"])
    return made


def test_a_password_in_place_of_a_status_is_not_quoted() -> None:
    played = play(grammar().log_in(LOGIN, is_secure=True), [b"A1 xyzzy-s3cret\r\n"])
    assert isinstance(played.value, Refusal)
    assert "xyzzy-s3cret" not in played.value.reason.lower()


def test_a_mechanism_that_is_named_like_the_password_is_not_quoted() -> None:
    offered = smtp.Capabilities(mechanisms=frozenset({"GSSAPI", "XYZZY-S3CRET"}))
    played = play(smtp.log_in(offered, LOGIN, is_secure=True), [])
    assert isinstance(played.value, Refusal)
    assert played.value.reason.endswith("it offers GSSAPI, (hidden)")


@pytest.mark.parametrize("said", [b"xyzzy-s3", b"x" * 119 + b"xyzzy-s3cret\n", b" " * 995 + b"xyzzy-s3cret\n"])
def test_a_password_that_is_cut_where_garbage_is_quoted_is_hidden(said: bytes) -> None:
    with pytest.raises(BrokenProtocol) as broken:
        LineFramer(first=b"+-").find_end(bytearray(said))
    assert "xy" not in Redactor(LOGIN).clean(str(broken.value)).replace("x" * 119, "")


def test_imap_capabilities_are_printable() -> None:
    made = IMAPGrammar()
    play(made.greeting(), [b"* OK [CAPABILITY IMAP4rev1 a\x1b[2Jb] hi\r\n"])
    assert made.capabilities == {"IMAP4REV1", "A?[2JB"}


def test_smtp_capabilities_are_printable() -> None:
    played = play(smtp.hello("me"), [b"250-hi\r\n250-a\x1b[2Jb\r\n250 AUTH X\x00Y\r\n"])
    assert played.value == smtp.Capabilities(
        names=frozenset({"A?[2JB", "AUTH"}), mechanisms=frozenset({"X?Y"}), lines=("a?[2Jb", "AUTH X?Y")
    )


@pytest.mark.parametrize("folder", ["a\nb", "a\u202eb", "x" * 900])
def test_a_folder_that_a_server_has_made_up_is_named_on_one_short_line(folder: str) -> None:
    for script in (grammar().select(folder), grammar().status(folder)):
        played = play(script, [b"A1 NO no\r\n"])
        assert isinstance(played.value, Refusal)
        assert played.value.reason.isprintable()
        assert len(played.value.reason) < 120


def test_copies_under_one_id_are_counted_without_going_through_all_of_them() -> None:
    said = b"".join(b"%d same\r\n" % number for number in range(1, 100_001))
    listing = play(pop3.list_uids(), [b"+OK\r\n" + said + b".\r\n"]).value
    assert isinstance(listing, pop3.UIDListing)
    keys = listing.numbers
    assert len(keys) == 100_000
    assert [keys["same"], keys["same 2"], keys["same 100000"]] == [1, 2, 100_000]
