import pytest
from tests.corpus.samples import message

from mailtrip.model import Hop
from mailtrip.probe.boundary import is_same_organisation, own_fields, receiving_hops
from mailtrip.probe.fields import read_fields
from mailtrip.probe.received import parse_hops

SUBMITTED = Hop(by="mail.example.org", claimed_name="mon1", seen_address="203.0.113.9", protocol="ESMTPSA")
BORDER = Hop(by="mx.example.net", claimed_name="mail.example.org", seen_address="198.51.100.7", protocol="ESMTPS")


@pytest.mark.parametrize(
    ("name", "border"),
    [
        ("postfix-dovecot", "mx.example.net"),
        ("gmail", "mx.google.com"),
        ("exchange-online", "DB5EUR01FT010.mail.protection.outlook.com"),
        ("rspamd", "mx.example.net"),
        ("forwarded", "mx.example.net"),
        ("proofpoint", "mx0a-00000001.pphosted.example"),
    ],
)
def test_the_receiving_side_begins_where_the_message_came_from_elsewhere(name: str, border: str) -> None:
    assert receiving_hops(parse_hops(read_fields(message(name))))[0].by == border


@pytest.mark.parametrize(
    "inside",
    [
        pytest.param(Hop(by="imap.example.net"), id="from nobody"),
        pytest.param(
            Hop(by="imap.example.net", claimed_name="filter", seen_address="10.0.0.9"), id="a private address"
        ),
        pytest.param(Hop(by="imap.example.net", claimed_name="filter", seen_address="::1"), id="loopback"),
        pytest.param(Hop(by="imap.example.net", claimed_name="localhost"), id="its own machine"),
        pytest.param(
            Hop(by="imap.example.net", claimed_name="x", seen_address="192.0.2.9", protocol="LMTPS"), id="LMTP"
        ),
        pytest.param(
            Hop(by="imap.example.net", claimed_name="x", seen_name="mx.example.net", seen_address="192.0.2.9"),
            id="a neighbour by its looked-up name",
        ),
        pytest.param(Hop(by="imap.example.net", claimed_name="mx.example.net"), id="a neighbour without an address"),
    ],
)
def test_what_was_handed_on_inside_does_not_end_the_receiving_side(inside: Hop) -> None:
    assert receiving_hops([SUBMITTED, BORDER, inside]) == (BORDER, inside)


def test_a_mere_claim_to_be_a_neighbour_does_not_open_the_receiving_side() -> None:
    claiming = Hop(by="mx.example.net", claimed_name="imap.example.net", seen_address="198.51.100.7", protocol="ESMTPS")

    assert receiving_hops([SUBMITTED, claiming]) == (claiming,)


def test_a_filter_service_in_front_belongs_to_the_receiving_side_when_it_is_named() -> None:
    filtering = Hop(by="mx.filter.example", claimed_name="mail.example.org", seen_address="198.51.100.7")
    last = Hop(by="mx.example.net", claimed_name="out.filter.example", seen_address="192.0.2.77")

    assert receiving_hops([SUBMITTED, filtering, last]) == (last,)
    assert receiving_hops([SUBMITTED, filtering, last], "auth.filter.example") == (filtering, last)


def test_all_hops_are_the_receiving_side_when_nothing_came_from_elsewhere() -> None:
    own = Hop(by="mx.example.net")

    assert receiving_hops([own, own]) == (own, own)
    assert receiving_hops([]) == ()


@pytest.mark.parametrize(
    ("name", "other", "is_same"),
    [
        ("mx.example.net", "imap.example.net", True),
        ("MX.example.net.", "example.NET", True),
        ("mx.example.net", "mx.example.org", False),
        ("a.co.uk", "b.co.uk", False),
        ("mx.a.co.uk", "imap.a.co.uk", True),
        ("mx", "mx", True),
        ("mx", "imap", False),
        ("192.0.2.1", "192.0.2.1", True),
        ("10.1.2.1", "192.0.2.1", False),
        ("", "x.example.net", False),
    ],
)
def test_hosts_of_one_domain_are_one_organisation(name: str, other: str, is_same: bool) -> None:
    assert is_same_organisation(name, other) is is_same


def test_fields_of_the_author_are_not_those_of_the_receiving_side() -> None:
    fields = read_fields(message("postfix-dovecot"))
    own = own_fields(fields, receiving_hops(parse_hops(fields)))

    assert [field.name for field in own.above if not field.name.startswith(("x-", "received"))] == [
        "return-path",
        "delivered-to",
    ]
    assert [field.name for field in own.below] == ["authentication-results"]
