"""SPF, DKIM, DMARC and ARC as the receiving host found them (RFC 8601, RFC 7208, RFC 8617), and nobody else."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from mailtrip.model import AuthenticationClaim, AuthenticationResult, DeliverabilityFacts, Hop
from mailtrip.probe.boundary import is_same_organisation, own_fields, receiving_hops
from mailtrip.probe.fields import Field, bodies_of
from mailtrip.probe.structured import Part, first_value, pairs_of, parts_of

__all__ = ["read_authentication"]

_MOST_FIELDS = 20
_LONGEST_REASON = 200
_LONGEST_NAME = 255
# Its Authentication-Results carry no name of who wrote them.
_NAMELESS = ("outlook.com", "exchangelabs.com", "outlook.de", "outlook.cn", "office365.us")


def read_authentication(
    fields: Sequence[Field], hops: Sequence[Hop], *, receiving_host: str | None = None
) -> DeliverabilityFacts:
    """What the receiving host wrote about the message; what others wrote, or forged, is left out.

    Results count from the topmost Authentication-Results fields whose authserv-id is the receiving host's or its
    organisation's, on top of the Received field with which that side took the message over. Only where there are none,
    those right below that field count, as some filters write there (RFC 8601, 5: a host removes fields in its name
    that came from outside). A Received-SPF field of the receiving side stands in for a missing SPF result.

    Args:
        fields: the message's header.
        hops: its hops, oldest first; the servers of the newest ones are the receiving side.
        receiving_host: a name of the receiving host that is known otherwise: the mailbox server's, or the authserv-id.
    """
    receiving = receiving_hops(hops, receiving_host)
    own = own_fields(fields, receiving)
    # Behind the first server the names of the sending sides, too, were looked up among the receiving side's own.
    names = (receiving_host, *(hop.by for hop in receiving), *(hop.seen_name for hop in receiving[1:]))
    hosts = {host for host in names if host}
    reports = [_own_reports(part, hosts) for part in (own.above, own.below)]
    trusted = reports[0] or reports[1]
    found = _choose([result for report in trusted for result in report.results])
    return DeliverabilityFacts(
        written_by=trusted[0].written_by if trusted else None,
        spf=found.get("spf") or _received_spf((*own.above, *own.below)),
        dkim=found.get("dkim"),
        dmarc=found.get("dmarc"),
        arc=found.get("arc"),
        claims=tuple(_claims(fields)),
    )


@dataclass(frozen=True, slots=True)
class _Report:
    written_by: str | None
    results: tuple[tuple[str, AuthenticationResult], ...]


def _own_reports(fields: Sequence[Field], hosts: Iterable[str]) -> list[_Report]:
    bodies = islice(bodies_of(fields, "authentication-results"), _MOST_FIELDS)
    own = [report for report in map(_parse_report, bodies) if _is_own(report.written_by, hosts)]
    # A second name in the same organisation is another server's: the topmost speaks.
    return [report for report in own if report.written_by == own[0].written_by]


def _is_own(name: str | None, hosts: Iterable[str]) -> bool:
    if name is None:
        return any(host.lower().endswith(_NAMELESS) for host in hosts)
    return any(is_same_organisation(name, host) or name == host.lower().partition(".")[0] for host in hosts)


def _parse_report(body: str) -> _Report:
    return _report_of(parts_of(body))


def _report_of(parts: Sequence[Part]) -> _Report:
    written_by = None
    if parts and "=" not in parts[0].text:
        written_by = parts[0].text.partition(" ")[0].strip('"').lower()[:_LONGEST_NAME] or None
        parts = parts[1:]
    return _Report(written_by, tuple(result for part in parts for result in _parse_result(part)))


# RFC 8601, 2.7: which property names what was authenticated.
_DOMAINS = {
    "spf": ("smtp.mailfrom", "smtp.mail", "smtp.from", "smtp.helo"),
    "dkim": ("header.d", "header.i", "header.from"),
    "dmarc": ("header.from",),
    "arc": (),
}
_RESULT = re.compile(r"[a-z]{1,20}")


def _parse_result(part: Part) -> Iterator[tuple[str, AuthenticationResult]]:
    pairs = list(pairs_of(part.text))
    if not pairs or pairs[0][0] not in _DOMAINS or not _RESULT.fullmatch(pairs[0][1].lower()):
        return
    method, result = pairs[0]
    yield (
        method,
        AuthenticationResult(
            result=result.lower(),
            domain=_domain(first_value(pairs, *_DOMAINS[method])),
            reason=_reason(first_value(pairs, "reason") or next(iter(part.comments), "")),
        ),
    )


def _domain(value: str | None) -> str | None:
    return (value or "").rpartition("@")[2].strip("<>").rstrip(".").lower()[:_LONGEST_NAME] or None


def _reason(text: str) -> str | None:
    return text[:_LONGEST_REASON] or None


def _choose(results: Iterable[tuple[str, AuthenticationResult]]) -> dict[str, AuthenticationResult]:
    """The first result of each method; of several signatures one that is good (RFC 6376, 6.1)."""
    chosen: dict[str, AuthenticationResult] = {}
    for method, result in results:
        is_better = method == "dkim" and result.result == "pass" != chosen.get(method, result).result
        if method not in chosen or is_better:
            chosen[method] = result
    return chosen


_SPF_RESULTS = frozenset({"pass", "fail", "softfail", "neutral", "none", "temperror", "permerror", "error", "unknown"})


def _received_spf(fields: Sequence[Field]) -> AuthenticationResult | None:
    """RFC 7208, 9.1."""
    for body in islice(bodies_of(fields, "received-spf"), 1):
        parts = parts_of(body)
        result = parts[0].text.partition(" ")[0].lower()
        if result in _SPF_RESULTS:
            pairs = [pair for part in parts for pair in pairs_of(part.text)]
            comments = [comment for part in parts for comment in part.comments]
            domain = _domain(first_value(pairs, "envelope-from", "helo"))
            return AuthenticationResult(result=result, domain=domain, reason=_reason(next(iter(comments), "")))
    return None


_INSTANCE = re.compile(r"i ?= ?([0-9]{1,2})")


def _claims(fields: Sequence[Field]) -> Iterator[AuthenticationClaim]:
    """RFC 8617, 4.1.1: an instance, and then the same as in Authentication-Results."""
    for body in islice(bodies_of(fields, "arc-authentication-results"), _MOST_FIELDS):
        parts = parts_of(body)
        instance = _INSTANCE.fullmatch(parts[0].text)
        report = _report_of(parts[1:] if instance else parts)
        found = _choose(report.results)
        yield AuthenticationClaim(
            instance=int(instance[1]) if instance else None,
            written_by=report.written_by,
            spf=found.get("spf"),
            dkim=found.get("dkim"),
            dmarc=found.get("dmarc"),
            arc=found.get("arc"),
        )
