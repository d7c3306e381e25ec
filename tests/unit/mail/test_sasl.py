"""SASL: the mechanism that is chosen, and the words of the RFCs' own examples."""

from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.mail.sasl import SASLError, choose, decode, encode, make_nonce, prepare, start
from mailtrip.model import Credentials, MailProtocol, Mechanism

SMTP, POP3, IMAP = MailProtocol.SMTP, MailProtocol.POP3, MailProtocol.IMAP
ALL = {"SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "APOP", "PLAIN", "LOGIN", "GSSAPI"}


def credentials(username: str = "user", password: str = "pencil") -> Credentials:
    return Credentials(username=username, password=password)


@pytest.mark.parametrize(
    ("offered", "is_secure", "protocol", "expected"),
    [
        (ALL, True, SMTP, Mechanism.SCRAM_SHA_256),
        (ALL - {"SCRAM-SHA-256"}, True, SMTP, Mechanism.SCRAM_SHA_1),
        ({"CRAM-MD5", "PLAIN", "LOGIN"}, True, SMTP, Mechanism.CRAM_MD5),
        ({"LOGIN", "PLAIN"}, True, SMTP, Mechanism.PLAIN),
        ({"LOGIN"}, True, IMAP, Mechanism.LOGIN),
        ({"APOP", "PLAIN", "LOGIN"}, False, POP3, Mechanism.APOP),
        ({"APOP", "LOGIN"}, True, POP3, Mechanism.LOGIN),
        ({"APOP"}, True, POP3, Mechanism.APOP),
        ({"CRAM-MD5", "PLAIN"}, False, SMTP, Mechanism.CRAM_MD5),
    ],
)
def test_the_strongest_that_both_sides_know_is_chosen(
    offered: Collection[str], is_secure: bool, protocol: MailProtocol, expected: Mechanism
) -> None:
    assert choose(offered, Mechanism.AUTO, is_secure=is_secure, protocol=protocol) is expected


@pytest.mark.parametrize("wanted", [mechanism for mechanism in Mechanism if mechanism is not Mechanism.AUTO])
def test_a_mechanism_can_be_named(wanted: Mechanism) -> None:
    assert choose(ALL, wanted, is_secure=True, protocol=POP3) is wanted


@pytest.mark.parametrize(
    ("offered", "wanted", "is_secure", "expected"),
    [
        (
            {"PLAIN"},
            Mechanism.SCRAM_SHA_1,
            True,
            "the server does not offer SCRAM-SHA-1; it offers PLAIN",
        ),
        (set(), Mechanism.AUTO, True, "the server does not offer a way to log in that is known here"),
        (
            {"PLAIN", "LOGIN"},
            Mechanism.AUTO,
            False,
            "PLAIN and LOGIN would send the password over a connection without TLS",
        ),
        (ALL, Mechanism.PLAIN, False, "PLAIN would send the password over a connection without TLS"),
        (
            {"APOP"},
            Mechanism.AUTO,
            True,
            "the server does not offer a way to log in that is known here; it offers APOP",
        ),
    ],
)
def test_where_nothing_fits_it_is_said_why(
    offered: Collection[str], wanted: Mechanism, is_secure: bool, expected: str
) -> None:
    assert choose(offered, wanted, is_secure=is_secure, protocol=SMTP) == expected


@given(
    offered=st.sets(st.sampled_from(sorted(ALL))),
    wanted=st.sampled_from(Mechanism),
    protocol=st.sampled_from(MailProtocol),
)
def test_the_password_never_goes_out_without_tls(offered: set[str], wanted: Mechanism, protocol: MailProtocol) -> None:
    assert choose(offered, wanted, is_secure=False, protocol=protocol) not in {Mechanism.PLAIN, Mechanism.LOGIN}


SCRAM_EXAMPLES = [
    pytest.param(
        Mechanism.SCRAM_SHA_1,
        "fyko+d2lbbFgONRv9qkxdawL",
        b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
        b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
        b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
        id="RFC 5802, 5",
    ),
    pytest.param(
        Mechanism.SCRAM_SHA_256,
        "rOprNGfwEbeRWgbNEkqO",
        b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        id="RFC 7677, 3",
    ),
]


@pytest.mark.parametrize(("mechanism", "nonce", "first", "challenge", "answer", "proof"), SCRAM_EXAMPLES)
def test_scram_speaks_as_its_rfc_does(
    mechanism: Mechanism, nonce: str, first: bytes, challenge: bytes, answer: bytes, proof: bytes
) -> None:
    conversation = start(mechanism, credentials(), nonce=lambda: nonce)
    assert [conversation.first, conversation.answer(challenge), conversation.answer(proof)] == [first, answer, b""]
    conversation.finish()
    assert not conversation.expects_challenge


NONCE = "fyko+d2lbbFgONRv9qkxdawL"
GOOD = b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"


@pytest.mark.parametrize(
    ("challenges", "expected"),
    [
        ([GOOD, b"v=AAAApqV8S7suAoZWja4dJRkFsKQ="], "could not prove"),
        ([GOOD, b"v=?"], "not Base64"),
        ([GOOD, b"e=unknown-user"], "refuses SCRAM-SHA-1: unknown-user"),
        ([GOOD, b""], "could not prove"),
        ([GOOD.replace(b"r=f", b"r=g")], "nonce does not extend"),
        ([b"r=fyko+d2lbbFgONRv9qkxdawL,s=QSXCR+Q6sek8bf92,i=4096"], "nonce does not extend"),
        ([GOOD.replace(b"4096", b"4095")], "asks for 4095 iterations"),
        ([GOOD.replace(b"4096", b"1000001")], "asks for 1000001 iterations"),
        ([GOOD.replace(b"4096", b"9" * 400)], "malformed"),
        ([GOOD.replace(b"4096", b"many")], "malformed"),
        ([b"m=ext," + GOOD], "malformed"),
        ([b"\xff"], "not UTF-8"),
        ([b""], "malformed"),
    ],
)
def test_scram_refuses_a_server_that_does_not_play_by_the_rules(challenges: list[bytes], expected: str) -> None:
    conversation = start(Mechanism.SCRAM_SHA_1, credentials(), nonce=lambda: NONCE)
    for challenge in challenges[:-1]:
        conversation.answer(challenge)
    with pytest.raises(SASLError, match=expected):
        conversation.answer(challenges[-1])


@pytest.mark.parametrize("challenges", [[], [GOOD]])
def test_scram_is_not_done_before_the_server_has_proved_itself(challenges: list[bytes]) -> None:
    conversation = start(Mechanism.SCRAM_SHA_1, credentials(), nonce=lambda: NONCE)
    for challenge in challenges:
        conversation.answer(challenge)
    with pytest.raises(SASLError, match="without proving"):
        conversation.finish()


def test_scram_escapes_the_user_name() -> None:
    conversation = start(Mechanism.SCRAM_SHA_1, credentials("a=b,c"), nonce=lambda: "N")
    assert conversation.first == b"n,,n=a=3Db=2Cc,r=N"


def test_cram_md5_speaks_as_its_rfc_does() -> None:
    conversation = start(Mechanism.CRAM_MD5, credentials("tim", "tanstaaftanstaaf"))
    answer = conversation.answer(b"<1896.697170952@postoffice.reston.mci.net>")
    assert answer == b"tim b913a602c7eda7a495b4e6e7334d3890"
    assert conversation.first is None
    conversation.finish()


def test_cram_md5_is_not_done_before_the_server_has_asked() -> None:
    with pytest.raises(SASLError, match="without having asked"):
        start(Mechanism.CRAM_MD5, credentials()).finish()


def test_plain_speaks_as_its_rfc_does() -> None:
    conversation = start(Mechanism.PLAIN, credentials("tim", "tanstaaftanstaaf"))
    assert conversation.first == b"\0tim\0tanstaaftanstaaf"
    conversation.finish()


def test_login_says_name_and_password_whatever_it_is_asked() -> None:
    conversation = start(Mechanism.LOGIN, credentials("tim", "tanstaaf"))
    assert [conversation.first, conversation.answer(b"?"), conversation.answer(b"")] == [None, b"tim", b"tanstaaf"]


@pytest.mark.parametrize(
    ("mechanism", "questions"), [(Mechanism.PLAIN, 0), (Mechanism.LOGIN, 2), (Mechanism.CRAM_MD5, 1)]
)
def test_a_server_that_never_stops_asking_is_refused(mechanism: Mechanism, questions: int) -> None:
    conversation = start(mechanism, credentials())
    for _ in range(questions):
        conversation.answer(b"more")
    with pytest.raises(SASLError, match="goes on asking"):
        conversation.answer(b"more")


def test_plain_allows_no_nul() -> None:
    with pytest.raises(SASLError, match="no NUL"):
        start(Mechanism.PLAIN, credentials(password="a\0b"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I\u00adX", "IX"),
        ("user", "user"),
        ("USER", "USER"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("a\u00a0b", "a b"),
        ("", ""),
        ("\u0627\u0628", "\u0627\u0628"),
    ],
)
def test_names_and_passwords_are_prepared_as_in_rfc_4013(text: str, expected: str) -> None:
    assert prepare(text) == expected


@pytest.mark.parametrize("text", ["\u0007", "\u0627\u0031", "a\u0627", "\ufffd", "\U000e0001"])
def test_prohibited_characters_are_refused(text: str) -> None:
    with pytest.raises(SASLError):
        prepare(text)


@given(st.text())
def test_preparing_gives_a_text_or_a_refusal(text: str) -> None:
    try:
        prepared = prepare(text)
    except SASLError:
        return
    assert not any(character < " " for character in prepared)


@given(st.binary())
def test_what_is_encoded_is_decoded(message: bytes) -> None:
    assert decode(b" " + encode(message)) == message


def test_a_nonce_is_fit_for_scram_and_never_the_same() -> None:
    nonces = {make_nonce() for _ in range(50)}
    assert len(nonces) == 50
    assert all(len(nonce) >= 22 and "," not in nonce for nonce in nonces)


def test_no_conversation_shows_its_secret() -> None:
    for mechanism in (Mechanism.PLAIN, Mechanism.LOGIN, Mechanism.CRAM_MD5, Mechanism.SCRAM_SHA_1):
        assert "pencil" not in repr(start(mechanism, credentials()))


@pytest.mark.parametrize("mechanism", [Mechanism.APOP, Mechanism.AUTO])
def test_what_is_no_sasl_mechanism_is_our_bug(mechanism: Mechanism) -> None:
    with pytest.raises(ValueError, match="no SASL mechanism"):
        start(mechanism, credentials())


def test_scram_is_over_after_the_proof() -> None:
    conversation = start(Mechanism.SCRAM_SHA_1, credentials(), nonce=lambda: NONCE)
    conversation.answer(GOOD)
    conversation.answer(b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")
    with pytest.raises(SASLError, match="goes on asking"):
        conversation.answer(b"")
