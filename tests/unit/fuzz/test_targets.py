"""The targets of `make fuzz` keep their promises for what fuzzing starts from, and notice when one is broken."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from fuzz.conversations import Make, Outcome, check_script, converse, frame_all
from fuzz.grammars import IMAP_SCRIPTS, POP3_SCRIPTS, SMTP_SCRIPTS
from fuzz.inputs import LARGE, Input, pack, unpack
from fuzz.promises import check_said, check_texts
from fuzz.seeds import SEEDS, WORDS, write_dictionary, write_seeds
from fuzz.sessions import IMAP_SESSIONS, POP3_SESSIONS, SMTP_SESSIONS
from fuzz.target import main
from fuzz.targets import TARGETS
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.mail.script import BrokenProtocol, Exchange, Refusal, Script
from mailtrip.model import StatusCode


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_keeps_its_promises_for_its_seeds(name: str) -> None:
    assert SEEDS[name]
    for seed in SEEDS[name]:
        TARGETS[name](seed)


@pytest.mark.parametrize("name", TARGETS)
@given(data=st.binary(max_size=60))
def test_a_target_keeps_its_promises_for_any_bytes(name: str, data: bytes) -> None:
    TARGETS[name](data)


@pytest.mark.parametrize(
    ("scripts", "session"),
    [
        (SMTP_SCRIPTS, SMTP_SESSIONS[0]),
        (POP3_SCRIPTS, POP3_SESSIONS[0]),
        (IMAP_SCRIPTS, IMAP_SESSIONS[0]),
    ],
    ids=["smtp", "pop3", "imap"],
)
def test_a_whole_session_comes_to_its_end_without_a_refusal(scripts: Sequence[Make], session: bytes) -> None:
    outcome = converse(scripts[0](), [session])
    assert (outcome.end, "Refusal" in repr(outcome.value)) == ("done", False)


@given(content=st.binary(max_size=3000), cuts=st.integers(0, 255))
def test_pieces_are_the_content(content: bytes, cuts: int) -> None:
    given_input = unpack(pack(content, choice=7, cuts=cuts))
    assert (given_input.choice, given_input.content) == (7, content)
    assert b"".join(given_input.pieces()) == content
    assert len(given_input.pieces()) <= 3 * 200


def test_a_repeated_piece_makes_a_large_content() -> None:
    large = unpack(pack(bytes(range(200)), repeats=True)).content
    assert LARGE - 200 < len(large) <= LARGE
    assert large.count(bytes(range(50, 70))) > 3000


class Waiting:
    """A framer that searches all it has anew at each arrival."""

    def find_end(self, buffer: bytearray) -> int | None:
        end = buffer.find(b"\n")
        return None if end < 0 else end + 1


class Hasty:
    """A framer that takes what has come in for all there is."""

    def find_end(self, buffer: bytearray) -> int | None:
        return len(buffer)


def listen(framer: Waiting | Hasty) -> Script[object]:
    return (yield Exchange(send=b"", framer=framer))


def test_work_that_grows_faster_than_its_input_is_noticed() -> None:
    content = b"x" * LARGE
    with pytest.raises(AssertionError, match="bytes looked at"):
        converse(listen(Waiting()), Input(choice=0, cuts=0, content=content).pieces())


def test_an_answer_that_depends_on_how_bytes_arrive_is_noticed() -> None:
    with pytest.raises(AssertionError, match="cut elsewhere"):
        check_script(lambda: listen(Hasty()), Input(choice=0, cuts=0, content=b"abc"))


def test_an_exception_of_a_script_is_no_outcome() -> None:
    def broken() -> Iterator[Exchange]:
        yield Exchange(send=b"", framer=Hasty())
        raise BrokenProtocol("only a framer may")

    with pytest.raises(BrokenProtocol):
        converse(broken(), [b"x"])  # type: ignore[arg-type]  # a script that never returns


def test_what_a_script_waits_for_in_vain_is_silence() -> None:
    assert converse(listen(Waiting()), [b"x"]) == Outcome(end="silent", value=None, shown=())
    assert frame_all(Waiting, [b"a\nb", b"\nc"]) == ([b"a\n", b"b\n"], "silent")


@pytest.mark.parametrize("text", ["a\nb", "x" * 501, "XYZZY-S3CRET is no command"])
def test_a_sentence_that_is_not_fit_for_people_is_noticed(text: str) -> None:
    with pytest.raises(AssertionError):
        check_said(text)
    with pytest.raises(AssertionError):
        check_texts((1, {"a": [Refusal(status=StatusCode.SMTP_LOGIN, reason=text)]}))


def test_a_secret_that_is_redacted_before_anybody_reads_it_is_none() -> None:
    check_said("you said xyzzy-s3cret")


def test_an_input_is_played_again_from_its_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "crash"
    path.write_bytes(pack(b"220 hi\r\n"))
    assert main(["smtp", str(path)]) == 0
    assert capsys.readouterr().out == f"smtp: {path}\n"


def test_seeds_and_words_are_written_as_files(tmp_path: Path) -> None:
    write_seeds("spam", tmp_path / "spam")
    write_dictionary("spam", tmp_path / "spam.dict")
    assert {path.read_bytes() for path in (tmp_path / "spam").iterdir()} == set(SEEDS["spam"])
    assert (tmp_path / "spam.dict").read_text().splitlines()[
        3
    ] == r'"\x58\x2d\x53\x70\x61\x6d\x64\x2d\x52\x65\x73\x75\x6c\x74\x3a\x20"'
    assert WORDS.keys() == SEEDS.keys() == TARGETS.keys()
