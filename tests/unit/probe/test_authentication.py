import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.bounded import bounded
from tests.corpus.samples import message, messages, mutations

from mailtrip.model import AuthenticationClaim, AuthenticationResult, DeliverabilityFacts
from mailtrip.probe.authentication import read_authentication
from mailtrip.probe.fields import read_fields
from mailtrip.probe.received import parse_hops

BORDER = "Received: from mail.example.org (mail.example.org [198.51.100.7]) by mx.example.net with ESMTPS id 1\n"
FOREIGN = "Received: from mon1.example.org ([203.0.113.9]) by mail.example.org with ESMTPSA id 2\n"
GOOGLE = "google.com: domain of probe@example.org designates 198.51.100.7 as permitted sender"


def good(domain: str | None = "example.org", reason: str | None = None) -> AuthenticationResult:
    return AuthenticationResult(result="pass", domain=domain, reason=reason)


def read(header: str | bytes, receiving_host: str | None = None) -> DeliverabilityFacts:
    content = header if isinstance(header, bytes) else header.encode() + b"\n"
    fields = read_fields(content)
    return read_authentication(fields, parse_hops(fields), receiving_host=receiving_host)


def result_words(facts: DeliverabilityFacts) -> dict[str, str]:
    results = {name: getattr(facts, name) for name in ("spf", "dkim", "dmarc", "arc")}
    return {name: result.result for name, result in results.items() if result is not None}


def of_forwarder(facts: DeliverabilityFacts) -> AuthenticationClaim:
    return facts.claims[-1]


MESSAGES = {
    "postfix-dovecot": DeliverabilityFacts(
        written_by="mx.example.net",
        spf=good(reason="mailfrom"),
        dkim=good(reason="2048-bit key; unprotected"),
    ),
    "gmail": DeliverabilityFacts(
        written_by="mx.google.com",
        spf=good(reason=GOOGLE),
        dkim=good(),
        dmarc=good(reason="p=REJECT sp=REJECT dis=NONE"),
        claims=(
            AuthenticationClaim(
                instance=1,
                written_by="mx.google.com",
                spf=good(reason=GOOGLE),
                dkim=good(),
                dmarc=good(reason="p=REJECT sp=REJECT dis=NONE"),
            ),
        ),
    ),
    "exchange-online": DeliverabilityFacts(
        spf=good(reason="sender IP is 198.51.100.7"),
        dkim=AuthenticationResult(result="fail", domain="example.org", reason="body hash did not verify"),
        dmarc=good(),
    ),
    "rspamd": DeliverabilityFacts(
        written_by="mx.example.net",
        spf=AuthenticationResult(
            result="softfail",
            domain="example.org",
            reason="mx.example.net: 198.51.100.7 is neither permitted nor denied by domain of probe@example.org",
        ),
        dkim=good(),
        dmarc=AuthenticationResult(result="none"),
        arc=AuthenticationResult(result="none"),
    ),
    "forged-results": DeliverabilityFacts(
        written_by="mx.example.net",
        spf=AuthenticationResult(result="fail", domain="example.org", reason="not permitted"),
    ),
    "forged-below-only": DeliverabilityFacts(),
    "proofpoint": DeliverabilityFacts(written_by="ppops.example", spf=good(), dkim=good(), dmarc=good()),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_what_the_receiving_host_found_is_told(name: str) -> None:
    assert read(message(name)) == MESSAGES[name]


def test_what_a_forwarder_claims_is_shown_apart() -> None:
    facts = read(message("forwarded"))

    assert result_words(facts) == {"spf": "pass", "dkim": "pass", "dmarc": "fail", "arc": "pass"}
    assert of_forwarder(facts) == AuthenticationClaim(
        instance=1, written_by="mx.lists.example.com", spf=good(), dkim=good(), dmarc=good()
    )


def test_of_several_signatures_a_good_one_counts() -> None:
    facts = read(message("forwarded"))

    assert facts.dkim == good("lists.example.com")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param("Authentication-Results: mx.example.net; dkim=pass\n" + BORDER, {"dkim": "pass"}, id="on top"),
        pytest.param(
            BORDER + "Authentication-Results: mx.example.net; dkim=pass\n", {"dkim": "pass"}, id="right below"
        ),
        pytest.param(
            "Authentication-Results: MX.example.NET 1; dkim=pass\n" + BORDER, {"dkim": "pass"}, id="a version"
        ),
        pytest.param('Authentication-Results: "mx.example.net"; dkim=pass\n' + BORDER, {"dkim": "pass"}, id="quotes"),
        pytest.param("Authentication-Results: mx; dkim=pass\n" + BORDER, {"dkim": "pass"}, id="the short name"),
        pytest.param(
            "Authentication-Results: auth.example.net; dkim=pass\n" + BORDER, {"dkim": "pass"}, id="a neighbour"
        ),
        pytest.param("Authentication-Results: mx.example.com; dkim=pass\n" + BORDER, {}, id="another host"),
        pytest.param("Authentication-Results: mx.notexample.net; dkim=pass\n" + BORDER, {}, id="a similar host"),
        pytest.param("Authentication-Results: dkim=pass\n" + BORDER, {}, id="nobody"),
        pytest.param("Authentication-Results: mx.example.net; none\n" + BORDER, {}, id="nothing found"),
        pytest.param("Authentication-Results: mx.example.net\n" + BORDER, {}, id="nothing said"),
        pytest.param(
            "Authentication-Results: mx.example.net; none\n"
            + BORDER
            + "Authentication-Results: mx.example.net; dkim=pass\n",
            {},
            id="nothing found, and a forged one",
        ),
        pytest.param(
            "Authentication-Results: mx.example.net; spf=pass\nAuthentication-Results: mx.example.net; dkim=fail\n"
            + BORDER,
            {"spf": "pass", "dkim": "fail"},
            id="one field a method",
        ),
        pytest.param(
            BORDER + FOREIGN + "Authentication-Results: mx.example.net; dkim=pass\n", {}, id="below a foreign hop"
        ),
        pytest.param(
            BORDER + "From: a@example.org\nAuthentication-Results: mx.example.net; dkim=pass\n",
            {},
            id="among the author's fields",
        ),
        pytest.param(
            "Authentication-Results: mx.example.net;\n dkim (DomainKeys) / 1 = pass; spf = FAIL ; ; x\n" + BORDER,
            {"dkim": "pass", "spf": "fail"},
            id="blanks and unknown forms",
        ),
        pytest.param("Authentication-Results: mx.example.net; dkim=<b>\n" + BORDER, {}, id="no result"),
        pytest.param("Received-SPF: SoftFail (x) helo=a\n" + BORDER, {"spf": "softfail"}, id="only Received-SPF"),
        pytest.param(BORDER + FOREIGN + "Received-SPF: Pass\n", {}, id="a foreign Received-SPF"),
        pytest.param("Received-SPF: maybe\n" + BORDER, {}, id="an unknown Received-SPF"),
        pytest.param("Received-SPF:\n" + BORDER, {}, id="an empty Received-SPF"),
        pytest.param(
            "Received-SPF: Pass\nAuthentication-Results: mx.example.net; spf=fail\n" + BORDER,
            {"spf": "fail"},
            id="both",
        ),
    ],
)
def test_only_fields_of_the_receiving_host_count(header: str, expected: dict[str, str]) -> None:
    assert result_words(read(header)) == expected


def test_a_host_that_is_known_otherwise_counts() -> None:
    header = "Authentication-Results: auth.provider.example; dkim=pass\n" + BORDER

    assert result_words(read(header)) == {}
    assert result_words(read(header, "imap.provider.example")) == {"dkim": "pass"}


def test_a_reason_is_told_from_its_property_or_its_comment() -> None:
    header = (
        'Authentication-Results: mx.example.net; dkim=fail reason="no \\"key\\"" (x); spf=fail (not (really) ours)\n'
    )
    facts = read(header + BORDER)

    assert [result.reason for result in (facts.dkim, facts.spf) if result] == ['no "key"', "not (really) ours"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("a=" * 30_000, id="pairs"),
        pytest.param("a." * 30_000, id="names"),
        pytest.param('a="' * 20_000, id="open quotes"),
        pytest.param("dkim=pass;" * 6_000, id="results"),
        pytest.param("dkim=pass header.d=" + "a@" * 30_000, id="an endless domain"),
        pytest.param("dkim=pass " + "((" * 30_000, id="open comments"),
        pytest.param("dkim" + " " * 60_000 + "= pass", id="blanks"),
    ],
)
def test_hostile_fields_are_read_in_bounded_time(body: str) -> None:
    header = f"Authentication-Results: mx.example.net; {body}\nARC-Authentication-Results: i=1; {body}\nReceived-SPF: {body}\n"
    with bounded():
        read(header + BORDER)


@given(st.sampled_from(messages()).flatmap(lambda name: mutations(message(name))))
def test_damaged_messages_are_read_without_a_fault(content: bytes) -> None:
    facts = read(content, "mx.example.net")

    for result in (facts.spf, facts.dkim, facts.dmarc, facts.arc):
        assert result is None or (result.result.isalpha() and result.result.islower())


@given(st.binary(max_size=200))
def test_any_bytes_can_be_read(body: bytes) -> None:
    read(
        b"Authentication-Results: mx.example.net; "
        + body
        + b"\nARC-Authentication-Results: "
        + body
        + b"\n"
        + BORDER.encode()
    )
