from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.bounded import bounded
from tests.corpus.samples import message, messages, mutations

from mailtrip.model import MessageFacts
from mailtrip.probe.facts import read_facts

SENT_AT = datetime(2026, 3, 9, 9, 0, 0, tzinfo=UTC)


def read(content: bytes, receiving_host: str | None = None) -> MessageFacts:
    seen_at = SENT_AT + timedelta(seconds=60)
    return read_facts(content, sent_at=SENT_AT, seen_at=seen_at, receiving_host=receiving_host, folder="INBOX")


def delays(facts: MessageFacts) -> list[float | None]:
    return [leg.delay.total_seconds() if leg.delay is not None else None for leg in facts.route.legs]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("postfix-dovecot", [1, 1, 1, 1]),
        ("gmail", [1, 1, 1]),
        ("exchange-online", [1, 1, 1, 1, 1]),
        ("rspamd", [2, 1]),
        ("forwarded", [1, 1, 43]),
        ("proofpoint", [1, 1, 1]),
    ],
)
def test_the_way_of_a_message_is_measured(name: str, expected: list[float]) -> None:
    assert delays(read(message(name))) == expected


def test_the_facts_of_a_message_are_all_there() -> None:
    content = message("postfix-dovecot")
    facts = read(content)

    assert (facts.size, facts.folder, facts.tls_on_last_hop) == (len(content), "INBOX", True)
    assert facts.authentication.written_by == "mx.example.net"
    assert [mark.source for mark in facts.spam_marks] == ["SpamAssassin"]
    assert facts.route.until_seen == timedelta(seconds=56)


def test_the_size_of_the_whole_message_is_told_when_only_its_header_is_there() -> None:
    facts = read_facts(
        b"Subject: x\r\n\r\n", sent_at=SENT_AT, seen_at=SENT_AT, receiving_host=None, folder="Junk", size=4711
    )

    assert (facts.size, facts.folder) == (4711, "Junk")


def test_the_last_hop_is_the_one_into_the_receiving_side() -> None:
    plain = message("forged-results")

    assert read(message("rspamd")).tls_on_last_hop is True
    assert read(plain).tls_on_last_hop is False
    assert read(b"Subject: x\r\n\r\n").tls_on_last_hop is None


@given(
    st.sampled_from(messages()).flatmap(lambda name: mutations(message(name))),
    st.sampled_from([None, "mx.example.net"]),
)
def test_damaged_messages_have_facts_without_a_fault(content: bytes, receiving_host: str | None) -> None:
    for leg in read(content, receiving_host).route.legs:
        assert leg.delay is None or timedelta(0) <= leg.delay <= timedelta(seconds=60)


@given(st.binary(max_size=500))
def test_any_bytes_have_facts(content: bytes) -> None:
    assert read(content).size == len(content)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"Received: by mx.example.net; Mon, 9 Mar 2026 09:00:05 +0000\n" * 5_000, id="hops"),
        pytest.param(
            b"".join(b"Received: by m%d; 9 Mar 2026 09:00:%02d +0000\n" % (i, i % 60) for i in range(2_000)),
            id="clocks",
        ),
        pytest.param(b"Authentication-Results: mx.example.net; dkim=pass\n" * 5_000, id="results"),
        pytest.param(b"ARC-Authentication-Results: i=1; mx.example.net; dkim=pass\n" * 5_000, id="claims"),
        pytest.param(b"a:\n" * 100_000, id="fields"),
        pytest.param(b"\xff" * 1_000_000, id="no header"),
    ],
)
def test_hostile_messages_have_facts_in_bounded_time(content: bytes) -> None:
    with bounded():
        read(content)


def test_the_folder_is_named_in_printable_words() -> None:
    facts = read_facts(b"", sent_at=SENT_AT, seen_at=SENT_AT, receiving_host=None, folder="a\x1b[2Jb\nc")
    assert facts.folder == "a?[2Jb c"
