"""What spam filters on the way wrote into the header."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import chain

from mailtrip.model import SpamMark
from mailtrip.probe.fields import Field

__all__ = ["read_spam_marks"]


def read_spam_marks(fields: Sequence[Field]) -> tuple[SpamMark, ...]:
    """One mark for each filter that left any, in a fixed order.

    Of fields that are there several times the topmost counts, as the last filter wrote it; rspamd writes at the end of
    the header, so there the lowest does.
    """
    first = {field.name: field.body[:_LONGEST] for field in reversed(fields)}
    last = {field.name: field.body[:_LONGEST] for field in fields}
    readers: tuple[tuple[_Reader, dict[str, str]], ...] = (
        (_spamassassin, first),
        (_rspamd, last),
        (_microsoft, first),
        (_proofpoint, first),
        (_barracuda, first),
        (_any_other, first),
    )
    return tuple(chain.from_iterable(read(found) for read, found in readers))


_Reader = Callable[[dict[str, str]], Iterator[SpamMark]]
_LONGEST = 2000

_NUMBER = r"(-?[0-9]{1,6}+(?:\.[0-9]{1,6}+)?+)(?!\w|\.[0-9])"
_LEADING_NUMBER = re.compile(_NUMBER)
_SCORE = re.compile(rf"\b(?:score|hits) ?= ?{_NUMBER}", re.IGNORECASE)
_REQUIRED = re.compile(rf"\b(?:required|tag2?_level|kill_level) ?= ?{_NUMBER}", re.IGNORECASE)
_YES = re.compile(r"(?:yes|true|spam)\b", re.IGNORECASE)
_NO = re.compile(r"(?:no|false|ham|not[ _-]?spam)\b", re.IGNORECASE)


def _spamassassin(found: dict[str, str]) -> Iterator[SpamMark]:
    """SpamAssassin itself, amavis, Exim and others that write its fields; the status line says most."""
    status = found.get("x-spam-status", "")
    level = found.get("x-spam-level", "")
    flag = _judgement(found.get("x-spam-flag", ""))
    score = _number(_SCORE, status)
    if score is None:
        score = _number(_LEADING_NUMBER, found.get("x-spam-score") or found.get("x-spam_score") or "")
    if score is None and level and not level.strip("*"):
        score = float(len(level))
    judgement = _judgement(status)
    mark = SpamMark(
        source="SpamAssassin",
        score=score,
        threshold=_number(_REQUIRED, status),
        is_spam=flag if judgement is None else judgement,
    )
    if mark != SpamMark(source="SpamAssassin"):
        yield mark


_RSPAMD_RESULT = re.compile(rf"(?:[\w.-]{{1,60}}: )?(True|False) \[{_NUMBER} / {_NUMBER}\]", re.IGNORECASE)
_BAR = re.compile(r"[+-]{1,200}|/")


def _rspamd(found: dict[str, str]) -> Iterator[SpamMark]:
    if match := _RSPAMD_RESULT.match(found.get("x-spamd-result", "")):
        yield SpamMark(source="rspamd", score=float(match[2]), threshold=float(match[3]), is_spam=_judgement(match[1]))
        return
    score = _number(_LEADING_NUMBER, found.get("x-rspamd-score", ""))
    bar = _BAR.fullmatch(found.get("x-spamd-bar", ""))
    if score is None and bar:
        # One sign a point.
        score = float(bar[0].count("+") - bar[0].count("-"))
    if score is not None:
        yield SpamMark(source="rspamd", score=score)


_SCL = re.compile(r"(?:^|;) ?SCL: ?(-?[0-9])(?![0-9])", re.IGNORECASE)
_BCL = re.compile(r"(?:^|;) ?BCL: ?([0-9])(?![0-9])", re.IGNORECASE)
_SCL_NUMBER = re.compile(r"(-?[0-9])\Z")
_SPAM_CONFIDENCE = 5.0
"""Microsoft's spam confidence level: from 5 on a message goes to the junk folder."""


def _microsoft(found: dict[str, str]) -> Iterator[SpamMark]:
    level = _number(_SCL, found.get("x-forefront-antispam-report", ""))
    if level is None:
        level = _number(_SCL_NUMBER, found.get("x-ms-exchange-organization-scl", ""))
    if level is not None:
        is_spam = level >= _SPAM_CONFIDENCE
        yield SpamMark(source="Microsoft SCL", score=level, threshold=_SPAM_CONFIDENCE, is_spam=is_spam)
    # What a bulk complaint level leads to is a setting of the organisation.
    bulk = _number(_BCL, found.get("x-microsoft-antispam", ""))
    if bulk is not None:
        yield SpamMark(source="Microsoft BCL", score=bulk)


_PROOFPOINT_RULE = re.compile(r"\brule=([A-Za-z_]{1,60})")


def _proofpoint(found: dict[str, str]) -> Iterator[SpamMark]:
    details = found.get("x-proofpoint-spam-details", "")
    rule = _PROOFPOINT_RULE.search(details)
    score = _number(_SCORE, details)
    if rule or score is not None:
        # Rules are named by whoever set the policy up: inbound_notspam, spam, ...
        name = rule[1].lower().rpartition("_")[2] if rule else ""
        yield SpamMark(source="Proofpoint", score=score, is_spam=_judgement(name))


def _barracuda(found: dict[str, str]) -> Iterator[SpamMark]:
    status = found.get("x-barracuda-spam-status", "")
    score = _number(_SCORE, status)
    if score is None:
        score = _number(_LEADING_NUMBER, found.get("x-barracuda-spam-score", ""))
    judgement = _judgement(status)
    if judgement is None:
        judgement = _judgement(found.get("x-barracuda-spam-flag", ""))
    if score is not None or judgement is not None:
        threshold = _number(_REQUIRED, status)
        yield SpamMark(source="Barracuda", score=score, threshold=threshold, is_spam=judgement)


def _any_other(found: dict[str, str]) -> Iterator[SpamMark]:
    judgement = _judgement(found.get("x-spam", ""))
    if judgement is not None:
        yield SpamMark(source="X-Spam", is_spam=judgement)


def _judgement(text: str) -> bool | None:
    if _NO.match(text):
        return False
    return True if _YES.match(text) else None


def _number(pattern: re.Pattern[str], text: str) -> float | None:
    match = pattern.search(text) if pattern is not _LEADING_NUMBER else pattern.match(text)
    return float(match[1]) if match else None
