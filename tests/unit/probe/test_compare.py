import base64
import email
import email.policy
import quopri
from datetime import UTC, datetime
from email.header import Header
from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from html import escape

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from mailtrip.probe.compare import Alteration, Change, Comparison, compare
from mailtrip.probe.message import make_message
from mailtrip.probe.token import MessageKey, new_token

KEY = MessageKey(b"k" * 32)
HOST = "mon1.example.com"
SUBJECT = "Mail delivery check of 2026-03-01 09:05 UTC"


def make(host: str = HOST, *, number: int = 0, now: datetime = datetime(2026, 3, 1, 9, 5, tzinfo=UTC)) -> bytes:
    return make_message(
        sender="probe@example.com",
        recipient="box@example.net",
        token=new_token(KEY, number.to_bytes(16)),
        now=now,
        host=host,
    )


SENT = make()
HEADER, _, BODY = SENT.partition(b"\r\n\r\n")
TEXT = BODY.decode()
SAME = Comparison()


def with_body(body: bytes | str, *fields: str) -> bytes:
    """The message with another body; `fields` stand in place of its MIME fields."""
    kept = [line for line in HEADER.split(b"\r\n") if not (fields and line.startswith(b"Content-"))]
    header = b"\r\n".join([*kept, *(field.encode() for field in fields)])
    return header + b"\r\n\r\n" + (body if isinstance(body, bytes) else body.encode())


def with_subject(subject: str) -> bytes:
    return SENT.replace(f"Subject: {SUBJECT}\r\n".encode(), f"Subject: {subject}\r\n".encode() if subject else b"")


def reencoded(encoding: str, charset: str = "utf-8", text: str = TEXT, subtype: str = "plain") -> bytes:
    message = EmailMessage()
    message["Subject"] = SUBJECT
    message.set_content(text, charset=charset, cte=encoding, subtype=subtype)
    return message.as_bytes()


def multipart(subtype: str, *parts: MIMEText) -> bytes:
    message = MIMEMultipart(subtype)
    message["Subject"] = SUBJECT
    for part in parts:
        message.attach(part)
    return message.as_bytes()


def html(text: str, *, before: str = "", behind: str = "") -> str:
    shown = escape(text).replace("\r\n", "<br>\r\n")
    head = "<!DOCTYPE html><html><head><title>unseen</title><style>p > a {}</style></head>"
    return f"{head}<body>{before}<div>{shown}</div>{behind}<!-- unseen > --></body></html>"


def told(received: bytes) -> dict[Change, str]:
    """What is told of a message, with its quotes."""
    return {each.change: each.quote for each in compare(SENT, received).alterations}


@pytest.mark.parametrize(
    "received",
    [
        pytest.param(SENT, id="as it was sent"),
        pytest.param(SENT.replace(b"\r\n", b"\n"), id="with other line ends"),
        pytest.param(b"Received: from a by b\r\nX-Spam-Score: 0\r\n" + SENT, id="with more headers"),
        pytest.param(SENT + b"\r\n\r\n", id="with blank lines behind"),
        pytest.param(
            SENT.replace(b"\r\n", b"  \r\n").replace(b"  \r\n", b"\r\n", HEADER.count(b"\n") + 2),
            id="with trailing blanks",
        ),
        pytest.param(with_body(b" ".join(BODY.split()) + b"\r\n"), id="with its lines joined"),
        pytest.param(reencoded("quoted-printable"), id="in quoted-printable"),
        pytest.param(reencoded("base64"), id="in base64"),
        pytest.param(reencoded("8bit"), id="in 8bit"),
        pytest.param(reencoded("base64", "iso-8859-15"), id="in another character set"),
        pytest.param(
            with_body("\ufeff" + TEXT, "Content-Type: text/plain; charset=utf-8"), id="with a byte order mark"
        ),
        pytest.param(
            HEADER.replace(b"7bit", b"quoted-printable") + b"\r\n\r\n" + quopri.encodestring(BODY), id="by hand"
        ),
        pytest.param(multipart("mixed", MIMEText(TEXT)), id="wrapped in a multipart of one"),
        pytest.param(with_subject(Header(SUBJECT, "utf-8").encode()), id="with an encoded subject"),
        pytest.param(with_subject(SUBJECT.replace(" 09", "\r\n 09")), id="with a folded subject"),
    ],
)
def test_what_is_legal_on_the_way_changes_nothing(received: bytes) -> None:
    assert compare(SENT, received) == SAME


CAUTION = "CAUTION: this message came from outside."
LEGAL = "This message may be confidential."


@pytest.mark.parametrize(
    ("received", "changes"),
    [
        pytest.param(SENT + b"-- \r\nOf a list.\r\n", {Change.FOOTER: "-- Of a list."}, id="a footer"),
        pytest.param(with_body("[EXTERNAL]\r\n" + TEXT), {Change.BANNER: "[EXTERNAL]"}, id="a banner"),
        pytest.param(
            with_body("[EXT]\r\n" + TEXT + "scanned"), {Change.BANNER: "[EXT]", Change.FOOTER: "scanned"}, id="both"
        ),
        pytest.param(
            multipart("mixed", MIMEText(TEXT), MIMEText("list footer")),
            {Change.FOOTER: "list footer"},
            id="a part behind",
        ),
        pytest.param(
            multipart("mixed", MIMEText("caution"), MIMEText(TEXT)), {Change.BANNER: "caution"}, id="a part before"
        ),
        pytest.param(
            reencoded("base64", text=html(TEXT), subtype="html"), {Change.HTML: ""}, id="made HTML, with nothing added"
        ),
        pytest.param(
            reencoded("base64", text=html(TEXT, before=f"<table><tr><td>{CAUTION}</td></tr></table>"), subtype="html"),
            {Change.HTML: "", Change.BANNER: CAUTION},
            id="made HTML, with a banner",
        ),
        pytest.param(
            multipart("alternative", MIMEText(TEXT), MIMEText(html(TEXT), "html")),
            {Change.HTML_ADDED: ""},
            id="an HTML version beside it",
        ),
        pytest.param(
            multipart(
                "alternative",
                MIMEText(f"{TEXT}\n{LEGAL}\n"),
                MIMEText(html(TEXT, behind=f"<p>{LEGAL}</p>"), "html"),
            ),
            {Change.HTML_ADDED: "", Change.FOOTER: LEGAL},
            id="a disclaimer in both versions is told once",
        ),
        pytest.param(
            multipart("alternative", MIMEText(TEXT), MIMEText(html(TEXT, before=f"<p>{CAUTION}</p>"), "html")),
            {Change.HTML_ADDED: "", Change.BANNER: CAUTION},
            id="a banner in the HTML version only",
        ),
        pytest.param(
            multipart("alternative", MIMEText(TEXT), MIMEText("<p>Hi</p>", "html")),
            {Change.FOOTER: "Hi"},
            id="an HTML version of something else",
        ),
        pytest.param(SENT + BODY, {Change.FOOTER: f"{' '.join(TEXT.split())[:117]}..."}, id="twice the text"),
        pytest.param(
            with_body(TEXT.replace("\r\n\r\nNobody", f"\r\n\r\n{CAUTION}\r\n\r\nNobody")),
            {Change.INSERTED: CAUTION},
            id="in the middle",
        ),
        pytest.param(SENT + b"\x00\x1b[31mred\xff\r\n", {Change.FOOTER: "??[31mred\ufffd"}, id="terminal codes"),
        pytest.param(SENT + b"x" * 500, {Change.FOOTER: "x" * 117 + "..."}, id="very much"),
    ],
)
def test_what_was_added_is_told_apart(received: bytes, changes: dict[Change, str]) -> None:
    assert told(received) == changes


@pytest.mark.parametrize(
    ("subject", "changes"),
    [
        (f"[EXTERNAL] {SUBJECT}", {Change.TAGGED: "[EXTERNAL]"}),
        (f"=?utf-8?q?=5BEXTERN=5D_Gr=C3=BC=C3=9Fe?= {SUBJECT}", {Change.TAGGED: "[EXTERN] Grüße"}),
        (f"{SUBJECT} (scanned)", {Change.TAGGED: "(scanned)"}),
        (f"{SUBJECT}\r\n [EXTERNAL]", {Change.TAGGED: "[EXTERNAL]"}),
        (f"{SUBJECT}\r\nSubject: another", {Change.SUBJECT: "another"}),
        ("***SPAM***", {Change.SUBJECT: "***SPAM***"}),
        ("=?no-such?q?x?=", {Change.SUBJECT: "=?no-such?q?x?="}),
        ("=?utf-8?b?x?=", {Change.SUBJECT: "=?utf-8?b?x?="}),
        ("", {Change.SUBJECT: ""}),
    ],
)
def test_what_became_of_the_subject_is_told(subject: str, changes: dict[Change, str]) -> None:
    assert told(with_subject(subject)) == changes


@pytest.mark.parametrize(
    "link",
    [
        "http://mon1.example.com/",
        "<https://eur01.safelinks.example/?url=http%3A%2F%2Fmon1.example.com%2F&data=05%7C01>",
        "https://urldefense.example/v2/url?u=http-3A__mon1.example.com&d=DwMFaQ",
        "https://urldefense.example/v3/__http://mon1.example.com__;!!Abc!xyz$",
        "https://clicks.example/?u=%6Don1.example.com",
        "mon1.example.com <http://mon1.example.com>",
        "mon1.example.com\r\n<http://mon1.example.com>",
    ],
)
def test_a_name_that_became_a_link_is_told_as_that(link: str) -> None:
    assert told(with_body(TEXT.replace(HOST, link))).keys() == {Change.LINKS}


@pytest.mark.parametrize("link", ["https://elsewhere.example/", "mon1.example.org", "https://example.com/mon1"])
def test_a_name_that_became_another_is_damage(link: str) -> None:
    assert told(with_body(TEXT.replace(HOST, link))) == {Change.DAMAGED: link}


def test_an_attached_file_is_told_by_its_type() -> None:
    message = email.message_from_bytes(SENT, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png")

    assert told(message.as_bytes()) == {Change.ATTACHED: "image/png"}


def words(text: str) -> str:
    """As a quote: on one line, bounded."""
    line = " ".join(text.split())
    return line if len(line) <= 120 else f"{line[:117]}..."


@pytest.mark.parametrize(
    ("received", "alterations"),
    [
        pytest.param(
            SENT.replace(b"touches no others", b"touches others"),
            [Alteration(Change.DAMAGED, "", "no")],
            id="a word lost",
        ),
        pytest.param(
            SENT.replace(b"Hello,", b"Hallo,"), [Alteration(Change.DAMAGED, "Hallo,", "Hello,")], id="a letter changed"
        ),
        pytest.param(
            with_body("[EXT]\r\n" + TEXT.replace("Hello,", "Hallo,") + "scanned"),
            [
                Alteration(Change.DAMAGED, "Hallo,", "Hello,"),
                Alteration(Change.BANNER, "[EXT]"),
                Alteration(Change.FOOTER, "scanned"),
            ],
            id="the first word, behind a banner",
        ),
        pytest.param(
            SENT.replace(b"about it.", b"about us."), [Alteration(Change.DAMAGED, "us.", "it.")], id="the last word"
        ),
        pytest.param(
            with_body(TEXT.partition("after a day")[0]),
            [Alteration(Change.TRUNCATED, "seen. If it is still here", words(TEXT[TEXT.index("after a day") :]))],
            id="cut off",
        ),
        pytest.param(
            with_body(TEXT.partition("istrator")[0] + "\r\n[clipped]\r\n"),
            [
                Alteration(
                    Change.TRUNCATED,
                    words(TEXT[TEXT.index("of this one is") : TEXT.index("administrator")]),
                    words(TEXT[TEXT.index("administrator") :]),
                ),
                Alteration(Change.FOOTER, "[clipped]"),
            ],
            id="cut off in a word, with a note",
        ),
        pytest.param(with_body(f"{CAUTION}\r\n{TEXT[: len(TEXT) // 2]}"), None, id="cut off, with a banner"),
        pytest.param(b"", [Alteration(Change.REPLACED), Alteration(Change.SUBJECT)], id="nothing"),
        pytest.param(with_body(""), [Alteration(Change.REPLACED)], id="no body"),
        pytest.param(
            with_body("removed by the virus scanner\r\n"),
            [Alteration(Change.REPLACED, "removed by the virus scanner")],
            id="replaced",
        ),
        pytest.param(
            with_body("Our policy is to see whether mail arrives in good order.\r\n"),
            [Alteration(Change.REPLACED, "Our policy is to see whether mail arrives in good order.")],
            id="replaced by what sounds alike",
        ),
        pytest.param(
            with_body(b"0123", "Content-Type: application/pkcs7-mime"),
            [Alteration(Change.REPLACED, "application/pkcs7-mime")],
            id="encrypted",
        ),
        pytest.param(
            b"Content-Type: text/plain\r\n" * 100 + SENT,
            [Alteration(Change.UNREADABLE)],
            id="more headers than are read",
        ),
    ],
)
def test_damage_is_told(received: bytes, alterations: list[Alteration] | None) -> None:
    found = list(compare(SENT, received).alterations)
    if alterations is None:
        assert [each.change for each in found] == [Change.TRUNCATED, Change.BANNER]
    else:
        assert found == alterations


def test_text_that_is_declared_as_what_it_is_not_is_damage() -> None:
    assert Change.REPLACED in told(HEADER.replace(b"7bit", b"base64") + b"\r\n\r\n" + BODY)


# -- Any message, any place ---------------------------------------------------------------------------------------------

messages = st.builds(
    make,
    host=st.one_of(st.just(HOST), st.text(max_size=60)),
    number=st.integers(0, 2**128 - 1),
    now=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - see timezones
)


@st.composite
def transported(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A message of ours, and the same one as it may come out of any number of honest mail servers."""
    sent = draw(messages)
    header, _, body = sent.partition(b"\r\n\r\n")
    chance = draw(st.randoms(use_true_random=False))
    white = ["\r\n", " ", "\t", "  ", " \r\n", "\r\n\r\n"]
    rewrapped = "".join(word + chance.choice(white) for word in body.decode("ascii").split())
    text = draw(st.sampled_from([body.decode("ascii"), rewrapped]))
    charset = draw(
        st.sampled_from(["us-ascii", "utf-8", "iso-8859-1", "windows-1252", "utf-16", "utf-16-be", "utf-32"])
    )
    encoding = draw(st.sampled_from(["7bit", "8bit", "quoted-printable", "base64"]))
    content = text.encode(charset)
    if charset.startswith("utf-") and charset != "utf-8":
        encoding = "base64"
    if encoding == "base64":
        content = base64.encodebytes(content).replace(b"\n", b"\r\n")
    elif encoding == "quoted-printable":
        content = quopri.encodestring(content.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    mime = f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: {encoding}"
    fields = [line for line in header.decode().split("\r\n") if not line.startswith("Content-")]
    subject = next(line for line in fields if line.startswith("Subject: "))
    fields[fields.index(subject)] = draw(
        st.sampled_from(
            [
                subject,
                "Subject: " + Header(subject[9:], "utf-8").encode(linesep="\r\n"),
                subject.replace(" ", "\r\n ", 3),
            ]
        )
    )
    fields = [
        *draw(st.lists(st.sampled_from(["Received: from a by b", "X-Spam-Score: 1", "DKIM-Signature: v=1"]))),
        *fields,
    ]
    if draw(st.booleans()):
        fields = [line for line in fields if not line.startswith("X-")]
    if draw(st.booleans()):
        content = f"--b\r\n{mime}\r\n\r\n".encode() + content + b"\r\n--b--\r\n"
        mime = 'Content-Type: multipart/mixed; boundary="b"'
    message = "\r\n".join([*fields, mime, "", ""]).encode() + content
    return sent, draw(st.sampled_from([message, message.replace(b"\r\n", b"\n")]))


@given(transported())
def test_no_honest_server_makes_an_alteration(pair: tuple[bytes, bytes]) -> None:
    sent, received = pair

    assert compare(sent, received) == SAME


def altered_bodies(body: bytes) -> list[bytes]:
    """With each byte changed, taken out, and doubled by another one, in turn."""
    places = range(len(body))
    changed = [body[:at] + bytes([body[at] ^ 0x15]) + body[at + 1 :] for at in places]
    shorter = [body[:at] + body[at + 1 :] for at in places]
    longer = [body[:at] + b"#" + body[at:] for at in places]
    return [each for each in (*changed, *shorter, *longer) if each.split() != body.split()]


def test_a_change_of_any_byte_of_the_text_is_found() -> None:
    altered = altered_bodies(BODY)

    assert len(altered) > 2 * len(BODY)
    assert [body for body in altered if not compare(SENT, with_body(body)).is_altered] == []


@given(messages, st.data())
def test_a_change_of_any_byte_of_any_message_is_found(sent: bytes, data: st.DataObject) -> None:
    header, _, body = sent.partition(b"\r\n\r\n")
    at = data.draw(st.integers(0, len(body) - 1))
    changed = body[:at] + data.draw(st.binary(min_size=1, max_size=1)) + body[at + 1 :]
    assume(changed.split() != body.split())

    for encoding, encode in (("7bit", bytes), ("base64", base64.encodebytes)):
        received = header.replace(b"7bit", encoding.encode()) + b"\r\n\r\n" + encode(changed)
        assert compare(sent, received).is_altered


@given(messages, st.data())
def test_a_text_that_was_cut_off_is_told_as_that(sent: bytes, data: st.DataObject) -> None:
    header, _, body = sent.partition(b"\r\n\r\n")
    left = body[: data.draw(st.integers(body.index(b"test message"), len(body) - 1))]
    assume(left.split() != body.split())
    found = compare(sent, header + b"\r\n\r\n" + left)

    assert [each.change for each in found.alterations] == [Change.TRUNCATED]


lines = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=200)


@given(messages, lines, lines)
@example(SENT, "Hello,", TEXT)
def test_whatever_stands_before_and_behind_is_banner_and_footer(sent: bytes, banner: str, footer: str) -> None:
    assume("\ufeff" not in banner)
    header, _, body = sent.replace(b"us-ascii", b"utf-8").partition(b"\r\n\r\n")
    received = header + b"\r\n\r\n" + banner.encode() + b"\r\n" + body + footer.encode()

    assert [each.change for each in compare(sent, received).alterations] == [Change.BANNER, Change.FOOTER]


@given(messages)
def test_any_message_that_was_made_html_is_told_as_that(sent: bytes) -> None:
    text = sent.partition(b"\r\n\r\n")[2].decode()
    received = MIMEText(html(text), "html")
    received["Subject"] = sent.partition(b"Subject: ")[2].partition(b"\r\n")[0].decode()

    assert compare(sent, received.as_bytes()).alterations == (Alteration(Change.HTML),)


# -- Any bytes at all ---------------------------------------------------------------------------------------------------

NESTED = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (i, i) for i in range(5000))


@pytest.mark.parametrize(
    "received",
    [
        pytest.param(NESTED, id="thousands of nested parts"),
        pytest.param(b"Content-Type: message/rfc822\n\n" * 5000, id="thousands of nested messages"),
        pytest.param(b"Content-Type: text/plain; charset=punycode\n\n" + b"a-" + b"b" * 10_000, id="punycode"),
        pytest.param(b"Content-Type: text/plain; charset=unicode_escape\n\n\\x", id="escapes"),
        pytest.param(b"Content-Type: text/plain; charset=hex\n\nzz", id="no character set"),
        pytest.param(b'Content-Type: text/plain; charset="a\x00b"\n\nzz', id="a zero in the character set"),
        pytest.param(b"Content-Type: text/plain; charset*=x'y'%ff%00\n\nzz", id="a broken parameter"),
        pytest.param(b"Content-Transfer-Encoding: x-uuencode\n\nbegin 6 x\n~~~~\n", id="broken uuencode"),
        pytest.param(b"Content-Type: multipart/mixed\n\n--\n", id="no boundary"),
        pytest.param(b'Content-Type: text/plain;"' + b";" * 1_000_000 + b"\n\nx", id="a million parameters"),
        pytest.param(b"Content-Type: text/plain;" + b"\n ;" * 300_000 + b"\n\nx", id="folded parameters"),
        pytest.param(b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 100_000, id="many parts"),
        pytest.param(b"Content-Type: message/delivery-status\n\n" + b"A:b\n\n" * 100_000, id="many groups"),
        pytest.param(b"Content-Type: text/html\n\n" + b"<script" * 100_000, id="scripts without end"),
        pytest.param(b"Content-Type: text/html\n\n" + b"<!--" * 100_000, id="comments without end"),
        pytest.param(b"Content-Type: text/html\n\n" + b"<p " * 100_000 + b"&" * 100_000, id="tags without end"),
        pytest.param(HEADER + b"\r\n\r\n" + b"this is a test " * 50_000, id="a run of ours again and again"),
        pytest.param(HEADER + b"\r\n\r\n" + b"the it is a of in " * 50_000, id="words of ours without order"),
        pytest.param(b"Subject: " + b"=?utf-8?q?x?= " * 50_000 + b"\n\n", id="a long subject"),
    ],
)
@pytest.mark.timeout(5)
def test_hostile_content_is_altered_and_costs_no_minutes(received: bytes) -> None:
    assert compare(SENT, received).is_altered


header_names = st.sampled_from(
    ["Content-Type", "Content-Transfer-Encoding", "MIME-Version", "Subject", "Content-Disposition"]
)
header_values = st.one_of(
    st.sampled_from(
        ["multipart/mixed; boundary=a", "text/plain; charset=utf-7", "base64", "quoted-printable", "text/html"]
    ),
    st.text(max_size=40),
)


@given(st.lists(st.tuples(header_names, header_values), max_size=5), st.binary(max_size=300))
def test_any_message_can_be_compared(fields: list[tuple[str, str]], body: bytes) -> None:
    header = "".join(f"{name}: {value}\n" for name, value in fields).encode()

    assert compare(SENT, header + b"\n" + body).is_altered


@given(st.binary(max_size=500))
def test_any_bytes_can_be_compared(received: bytes) -> None:
    assert compare(SENT, received).is_altered


@given(st.binary(max_size=100))
def test_a_footer_of_any_bytes_is_an_addition(footer: bytes) -> None:
    assert told(SENT + footer).keys() <= {Change.FOOTER}


@pytest.mark.parametrize("sent", [b"", b"A: b\r\n\r\n", b"no field"])
def test_a_message_without_text_is_equal_to_itself_and_to_no_other(sent: bytes) -> None:
    assert (compare(sent, sent), compare(sent, SENT).is_altered) == (SAME, True)


@pytest.mark.parametrize(
    ("fields", "changes"),
    [
        (b"Content-Type: text/plain; charset*0=us-; charset*=ascii", set()),
        (b"Content-Type: multipart/mixed; boundary*0=a; boundary*=b", {Change.UNREADABLE}),
    ],
)
def test_pieces_of_a_parameter_may_contradict_each_other(fields: bytes, changes: set[Change]) -> None:
    assert told(fields + f"\r\nSubject: {SUBJECT}\r\n\r\n".encode() + BODY).keys() == changes
