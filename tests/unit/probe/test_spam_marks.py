import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.bounded import bounded
from tests.corpus.samples import message, messages, mutations

from mailtrip.model import SpamMark
from mailtrip.probe.fields import Field, read_fields
from mailtrip.probe.spam_marks import read_spam_marks


def marks(header: str) -> list[SpamMark]:
    return list(read_spam_marks(read_fields(header.encode() + b"\n\n")))


def mark(source: str, score: float | None, threshold: float | None, is_spam: bool | None) -> SpamMark:
    return SpamMark(source=source, score=score, threshold=threshold, is_spam=is_spam)


SPAMASSASSIN = "SpamAssassin"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param(
            "X-Spam-Status: No, score=-0.1 required=5.0 tests=SPF_PASS autolearn=ham version=4.0.0",
            mark(SPAMASSASSIN, -0.1, 5.0, False),
            id="SpamAssassin, no",
        ),
        pytest.param(
            "X-Spam-Flag: YES\nX-Spam-Level: *******\nX-Spam-Status: Yes, score=7.2 required=5.0\n\ttests=A,B",
            mark(SPAMASSASSIN, 7.2, 5.0, True),
            id="SpamAssassin, yes",
        ),
        pytest.param(
            "X-Spam-Status: No, hits=1.2 required=6.3", mark(SPAMASSASSIN, 1.2, 6.3, False), id="SpamAssassin 2"
        ),
        pytest.param(
            "X-Spam-Status: Yes, score=9.1 tagged_above=2 required=6.31 tests=[A=1]",
            mark(SPAMASSASSIN, 9.1, 6.31, True),
            id="amavis",
        ),
        pytest.param("X-Spam-Score: 3.4 (+++)", mark(SPAMASSASSIN, 3.4, None, None), id="Exim"),
        pytest.param(
            "X-Spam_score: -1.5\nX-Spam_score_int: -15", mark(SPAMASSASSIN, -1.5, None, None), id="Exim's own"
        ),
        pytest.param("X-Spam-Level: ***", mark(SPAMASSASSIN, 3.0, None, None), id="a level only"),
        pytest.param("X-Spam-Flag: NO", mark(SPAMASSASSIN, None, None, False), id="a flag only"),
        pytest.param(
            "X-Spamd-Result: default: False [-0.10 / 15.00];\n\tMIME_GOOD(-0.10)[text/plain]",
            mark("rspamd", -0.1, 15.0, False),
            id="rspamd",
        ),
        pytest.param("X-Rspamd-Score: 4.25\nX-Spamd-Bar: ++++", mark("rspamd", 4.25, None, None), id="rspamd, score"),
        pytest.param("X-Spamd-Bar: ---", mark("rspamd", -3.0, None, None), id="rspamd, bar"),
        pytest.param("X-Spamd-Bar: /", mark("rspamd", 0.0, None, None), id="rspamd, neutral bar"),
        pytest.param(
            "X-Spamd-Result: default: False [1.00 / 15.00]\nSubject: x\nX-Spamd-Result: default: True [16.00 / 15.00]",
            mark("rspamd", 16.0, 15.0, True),
            id="rspamd, the last of several",
        ),
        pytest.param(
            "X-Forefront-Antispam-Report: CIP:198.51.100.7;CTRY:DE;SCL:9;SRV:;SFV:SPM;",
            mark("Microsoft SCL", 9.0, 5.0, True),
            id="Microsoft, spam",
        ),
        pytest.param(
            "X-Forefront-Antispam-Report: CIP:198.51.100.7;SCL:-1;SFV:SKN",
            mark("Microsoft SCL", -1.0, 5.0, False),
            id="Microsoft, passed by",
        ),
        pytest.param("X-MS-Exchange-Organization-SCL: 1", mark("Microsoft SCL", 1.0, 5.0, False), id="Exchange"),
        pytest.param("X-Microsoft-Antispam: BCL:7;ARA:1", mark("Microsoft BCL", 7.0, None, None), id="Microsoft, bulk"),
        pytest.param(
            "X-Proofpoint-Spam-Details: rule=inbound_notspam policy=inbound score=0 spamscore=0",
            mark("Proofpoint", 0.0, None, False),
            id="Proofpoint, no",
        ),
        pytest.param(
            "X-Proofpoint-Spam-Details: rule=spam policy=default score=100",
            mark("Proofpoint", 100.0, None, True),
            id="Proofpoint, yes",
        ),
        pytest.param(
            "X-Barracuda-Spam-Status: Yes, SCORE=5.10 using per-user scores of TAG_LEVEL=3.5 QUARANTINE_LEVEL=1000.0",
            mark("Barracuda", 5.1, 3.5, True),
            id="Barracuda",
        ),
        pytest.param(
            "X-Barracuda-Spam-Score: 0.00\nX-Barracuda-Spam-Flag: NO",
            mark("Barracuda", 0.0, None, False),
            id="Barracuda, score",
        ),
        pytest.param("X-Spam: yes", mark("X-Spam", None, None, True), id="a bare word"),
    ],
)
def test_the_mark_of_each_filter_is_read(header: str, expected: SpamMark) -> None:
    assert marks(header) == [expected]


def test_the_topmost_of_several_marks_counts() -> None:
    assert marks("X-Spam-Status: No, score=1\nX-Spam-Status: Yes, score=9") == [mark(SPAMASSASSIN, 1.0, None, False)]


def test_several_filters_have_a_mark_each() -> None:
    assert [found.source for found in read_spam_marks(read_fields(message("exchange-online")))] == [
        "Microsoft SCL",
        "Microsoft BCL",
    ]


@pytest.mark.parametrize(
    "header",
    [
        "Subject: X-Spam: yes",
        "X-Spam-Status:",
        "X-Spam-Status: perhaps",
        "X-Spam-Score: nan",
        "X-Spam-Score: 1e999",
        "X-Spam-Level: ***!",
        "X-Spam: 4711",
        "X-Spamd-Result: default: Maybe [a / b]",
        "X-Forefront-Antispam-Report: ASCL:9;SCL:99",
        "X-MS-Exchange-Organization-SCL: high",
        "X-Microsoft-Antispam: BCL:;",
        "X-Proofpoint-Spam-Details: policy=default",
    ],
)
def test_what_is_no_mark_is_none(header: str) -> None:
    assert marks(header) == []


NAMES = [
    "x-spam-status",
    "x-spam-flag",
    "x-spam-score",
    "x-spam-level",
    "x-spam",
    "x-spamd-result",
    "x-rspamd-score",
    "x-spamd-bar",
    "x-forefront-antispam-report",
    "x-ms-exchange-organization-scl",
    "x-microsoft-antispam",
    "x-proofpoint-spam-details",
    "x-barracuda-spam-status",
    "x-barracuda-spam-score",
]


@pytest.mark.parametrize(
    "body", ["score=" * 10_000, "1" * 60_000, "*" * 60_000, "+" * 60_000, "SCL:" * 15_000, "a" * 60_000, " [" * 30_000]
)
def test_hostile_fields_are_read_in_bounded_time(body: str) -> None:
    with bounded():
        read_spam_marks([Field(name, body) for name in NAMES])


@given(st.lists(st.builds(Field, st.sampled_from(NAMES), st.text(max_size=60))))
def test_any_fields_can_be_read(fields: list[Field]) -> None:
    for found in read_spam_marks(fields):
        assert found.score is None or -1e6 < found.score < 1e6


@given(st.sampled_from(messages()).flatmap(lambda name: mutations(message(name))))
def test_damaged_messages_are_read_without_a_fault(content: bytes) -> None:
    read_spam_marks(read_fields(content))
