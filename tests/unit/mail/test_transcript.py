from base64 import b64encode
from datetime import timedelta

import pytest

from mailtrip.mail.transcript import Redactor, Transcript
from mailtrip.model import Credentials, Direction

START = 100.0
SENT, RECEIVED, NOTE = Direction.SENT, Direction.RECEIVED, Direction.NOTE


def make_transcript(password: str = "open sesame") -> Transcript:
    return Transcript(Redactor(Credentials(username="u@example.com", password=password)), started_at=START)


def texts(transcript: Transcript) -> list[str]:
    return [line.text for line in transcript.read()[0]]


def test_each_line_has_its_direction_and_its_offset_from_the_start() -> None:
    transcript = make_transcript()
    transcript.add(100.5, NOTE, ["connected"])
    transcript.add_bytes(101.0, SENT, b"QUIT\r\n")

    assert [(line.at, line.direction, line.text) for line in transcript.read()[0]] == [
        (timedelta(seconds=0.5), NOTE, "connected"),
        (timedelta(seconds=1), SENT, "QUIT"),
    ]


def test_a_reply_of_several_lines_is_shown_line_by_line() -> None:
    transcript = make_transcript()
    transcript.add_bytes(START, RECEIVED, b"250-one\r\n250-two\n250 three\r\n")

    assert texts(transcript) == ["250-one", "250-two", "250 three"]


@pytest.mark.parametrize("said", [b"", b"\r\n", b"\n"])
def test_something_empty_is_one_empty_line(said: bytes) -> None:
    transcript = make_transcript()
    transcript.add_bytes(START, RECEIVED, said)

    assert texts(transcript) == [""]


def test_of_a_long_reply_the_first_40_lines_are_kept_and_the_others_counted() -> None:
    transcript = make_transcript()
    transcript.add_bytes(START, RECEIVED, b"".join(b"%d\r\n" % number for number in range(100_000)))

    assert [*map(str, range(40)), "(99960 more lines)"] == texts(transcript)
    assert transcript.read()[1] == 0


def test_a_reply_of_exactly_40_lines_is_kept_whole() -> None:
    transcript = make_transcript()
    transcript.add_bytes(START, RECEIVED, b"x\r\n" * 40)

    assert texts(transcript) == ["x"] * 40


def test_lines_that_a_long_reply_lost_by_its_size_are_counted() -> None:
    transcript = make_transcript()
    transcript.add_bytes(START, RECEIVED, (b"x" * 30_000 + b"\r\n") * 3)

    assert texts(transcript)[2] == "(1 more lines)"


def test_a_long_line_is_cut_and_its_length_told() -> None:
    transcript = make_transcript()
    transcript.add_bytes(START, RECEIVED, b"y" * 1000)

    assert texts(transcript) == ["y" * 400 + "… (1000 characters)"]


def test_of_a_long_session_the_first_and_the_last_150_lines_are_kept() -> None:
    transcript = make_transcript()
    for number in range(1000):
        transcript.add_bytes(START, SENT, b"%d\r\n" % number)

    assert texts(transcript) == [*map(str, range(150)), *map(str, range(850, 1000))]
    assert transcript.read()[1] == 700


def test_the_bound_holds_for_replies_of_many_lines_too() -> None:
    transcript = make_transcript()
    for number in range(200):
        transcript.add_bytes(START, RECEIVED, b"".join(b"%d.%d\r\n" % (number, line) for line in range(3)))

    shown = texts(transcript)
    assert (len(shown), shown[149], shown[150], shown[-1]) == (300, "49.2", "150.0", "199.2")
    assert transcript.read()[1] == 300


@pytest.mark.parametrize(
    "echoed",
    [
        "open sesame",
        b64encode(b"open sesame").decode(),
        b64encode(b"\0u@example.com\0open sesame").decode(),
    ],
)
def test_a_password_that_the_server_echoes_is_hidden_in_every_form(echoed: str) -> None:
    transcript = make_transcript()
    transcript.add_bytes(START, RECEIVED, f"535 what do you mean by {echoed}?\r\n".encode())
    transcript.add(START, NOTE, [f"refused: {echoed}"])

    assert texts(transcript) == ["535 what do you mean by (hidden)?", "refused: (hidden)"]


def test_a_short_password_is_hidden_as_a_word_and_not_within_words() -> None:
    transcript = make_transcript(password="ok")
    transcript.add_bytes(START, RECEIVED, b"+ok tokens booked, ok.\r\n")

    assert texts(transcript) == ["+(hidden) tokens booked, (hidden)."]


def test_without_a_login_nothing_is_hidden() -> None:
    transcript = Transcript(Redactor(None), started_at=START)
    transcript.add_bytes(START, RECEIVED, b"220 ready\r\n")

    assert texts(transcript) == ["220 ready"]


def test_control_characters_and_broken_utf_8_do_no_harm() -> None:
    transcript = make_transcript()
    transcript.add_bytes(START, RECEIVED, b"220 a\x1b[31mb\xff\x00 \xc3\xa9\r\n")

    assert texts(transcript) == ["220 a?[31mb\ufffd? é"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("he said open sesa\u2026", "he said (hidden)\u2026"),
        ("he said ope\u2026", "he said (hidden)\u2026"),
        ("he said op\u2026", "he said op\u2026"),
        ("open ses", "open ses"),
    ],
)
def test_a_password_that_is_cut_short_by_an_ellipsis_is_hidden(text: str, expected: str) -> None:
    assert Redactor(Credentials(username="u@example.com", password="open sesame")).clean(text) == expected
