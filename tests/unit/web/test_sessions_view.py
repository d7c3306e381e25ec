"""Sessions as a page shows them: transcripts, proofs, certificates, the header of the message."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.web.builders import NOW, make_result, transcript

from mailtrip.model import MailProtocol, Proof, SessionRecord, TLSFacts
from mailtrip.web.sessions_view import Block, CertificateView, proof_lines, received_header, show_sessions

TLS = TLSFacts(
    version="TLSv1.3",
    cipher="TLS_AES_256_GCM_SHA384",
    subject="CN=mail.probe.test",
    issuer="CN=Probe CA",
    not_before=NOW - timedelta(days=60),
    not_after=NOW + timedelta(days=30, hours=1),
    names=("mail.probe.test", "probe.test"),
)


def blocks(count: int, *proven: int, dropped: int = 0) -> tuple[Block, ...]:
    session = transcript(["> NOOP"] * count, dropped=dropped)
    result = make_result(sessions=(session,), proof=tuple(Proof(0, line) for line in proven))
    return show_sessions(result, certificate_days=14)[0].blocks


def certificate(**fields: object) -> CertificateView:
    session = replace(transcript([]), tls=replace(TLS, **fields))  # type: ignore[arg-type]  # fields of many types
    [shown] = show_sessions(make_result(sessions=(session,)), certificate_days=14)
    assert shown.certificate is not None
    return shown.certificate


@pytest.mark.parametrize(
    ("count", "proven", "expected"),
    [
        pytest.param(0, [], [], id="a transcript that was let go"),
        pytest.param(30, [], [(30, False)], id="short"),
        pytest.param(31, [], [(31, True)], id="long, with no proof"),
        pytest.param(100, [50], [(47, True), (7, False), (46, True)], id="what is far from the proof is folded"),
        pytest.param(100, [99], [(96, True), (4, False)], id="a proof at the end"),
        pytest.param(100, [50, 60], [(47, True), (17, False), (36, True)], id="a gap too short to fold"),
        pytest.param(100, [5], [(9, False), (91, True)], id="a beginning too short to fold"),
    ],
)
def test_long_transcripts_are_folded_but_for_what_proves_the_verdict(
    count: int, proven: list[int], expected: list[tuple[int, bool]]
) -> None:
    assert [(len(block.lines), block.is_folded) for block in blocks(count, *proven)] == expected


def test_no_line_is_lost_by_folding() -> None:
    shown = [line.at for block in blocks(200, 3, 77, 120) for line in block.lines]
    assert shown == [f"{at}.000" for at in range(200)]


def test_where_lines_were_not_kept_it_is_said() -> None:
    assert [(len(block.lines), block.dropped_before) for block in blocks(300, dropped=8)] == [(150, 0), (150, 8)]


def test_the_lines_that_prove_are_marked() -> None:
    marked = [line.at for block in blocks(10, 2, 7) for line in block.lines if line.is_proof]
    assert marked == ["2.000", "7.000"]


def test_a_line_says_in_words_who_said_it() -> None:
    result = make_result(sessions=(transcript(["* connected", "< +OK", "> QUIT"]),))
    [block] = show_sessions(result, certificate_days=14)[0].blocks
    assert [line.word for line in block.lines] == ["note", "received", "sent"]


def test_proofs_are_told_with_their_server() -> None:
    sessions = (transcript(["> DATA", "< 354 go"], MailProtocol.SMTP), transcript(["> A1 NOOP"]))
    result = make_result(sessions=sessions, proof=(Proof(1, 0), Proof(0, 1)))
    assert [(server, line.text) for server, line in proof_lines(result)] == [
        ("imaps://mail.probe.test", "A1 NOOP"),
        ("smtps://smtp.probe.test", "354 go"),
    ]


def test_proofs_whose_transcript_was_let_go_are_left_out() -> None:
    result = make_result(sessions=(transcript([]),), proof=(Proof(0, 4), Proof(3, 0)))
    assert proof_lines(result) == ()


@pytest.mark.parametrize(
    ("days", "ends", "has_ended", "is_soon"),
    [
        (30, "30 days left at this run", False, False),
        (14, "14 days left at this run", False, False),
        (13, "13 days left at this run", False, True),
        (1, "1 day left at this run", False, True),
        (0, "0 days left at this run", False, True),
        (-3, "ended 3 days before this run", True, False),
    ],
)
def test_a_certificate_says_how_long_it_is_valid(days: int, ends: str, *, has_ended: bool, is_soon: bool) -> None:
    shown = certificate(not_after=NOW + timedelta(days=days, hours=1))
    assert (shown.ends, shown.has_ended, shown.is_soon) == (ends, has_ended, is_soon)


def test_a_certificate_that_does_not_verify_says_why() -> None:
    assert certificate(verify_error="self-signed certificate").verify_error == "self-signed certificate"


def test_what_is_not_known_of_tls_is_left_out() -> None:
    assert certificate(version="").tls == "TLS_AES_256_GCM_SHA384"


def test_a_certificate_without_an_end_is_neither() -> None:
    shown = certificate(not_after=None)
    assert (shown.until, shown.ends, shown.has_ended, shown.is_soon) == (None, "its end is not known", False, False)


HEADER = ["< Received: from a by b;", "<   Sun, 1 Mar 2026 12:00:00 +0000", "< Subject: Mailtrip"]
FETCH = "> A7 UID FETCH 5 (BODY.PEEK[])"
ANSWER = "< * 1 FETCH (UID 5 BODY[] {900}"


@pytest.mark.parametrize(
    ("session", "expected"),
    [
        pytest.param(transcript([FETCH, ANSWER, *HEADER, "< ", "< The body."]), 3, id="IMAP"),
        pytest.param(transcript(["> RETR 1", "< +OK", *HEADER, "< ", "< Body"], MailProtocol.POP3), 3, id="POP3"),
        pytest.param(transcript([FETCH, ANSWER, *HEADER, "* closed"]), 3, id="cut short"),
        pytest.param(transcript([FETCH, "< A7 NO not there"]), 0, id="refused"),
        pytest.param(transcript([FETCH]), 0, id="unanswered"),
        pytest.param(transcript(["> A7 UID FETCH 5 FLAGS", "< * 1 FETCH (UID 5)", "< A7 OK"]), 0, id="another fetch"),
        pytest.param(transcript([FETCH, ANSWER, *HEADER, "< "], MailProtocol.SMTP), 0, id="not a mailbox"),
        pytest.param(transcript([]), 0, id="let go"),
    ],
)
def test_the_header_of_the_message_is_what_the_transcript_has_of_it(session: SessionRecord, expected: int) -> None:
    header = received_header(make_result(sessions=(session,)))
    assert header == tuple(line[2:] for line in HEADER[:expected])
