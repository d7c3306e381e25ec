from dataclasses import replace
from datetime import timedelta

import pytest

from mailtrip.model import Accepted, Bounce, BouncedRecipient, Failure, Sighting, Spacing, StatusCode, Step, Verdict
from mailtrip.probe.compare import Alteration, Change, Comparison
from mailtrip.probe.moves import Conclusion
from mailtrip.probe.summary import summarise, summarise_bug

SMTP = "smtps://mx.example.com:465"
MAILBOX = "imaps://box.example.com:993"

DELIVERED = Conclusion(
    verdict=Verdict.DELIVERED,
    status=StatusCode.OK,
    accepted=Accepted(reply="250 2.0.0 Ok: queued as 4F2", at=2.0),
    sighting=Sighting(not_before=timedelta(0), not_after=timedelta(seconds=0.25)),
    copies=1,
    comparison=Comparison(),
)
ACCEPTED = Conclusion(verdict=Verdict.MISSING, status=StatusCode.TIMEOUT, step=Step.WAIT, accepted=DELIVERED.accepted)
TIMED_OUT = Conclusion(verdict=Verdict.UNSENT, status=StatusCode.TIMEOUT, step=Step.CONNECT)


def failed(status: StatusCode, reason: str, step: Step) -> Failure:
    return Failure(step=step, status=status, reason=reason)


NO_USER = failed(StatusCode.RECIPIENT_REFUSED, f"{SMTP}: 550 5.1.1 No such user.", Step.SUBMIT)
FULL = failed(StatusCode.MAILBOX_QUOTA, f"{SMTP}: 552 5.2.2 over quota", Step.SUBMIT)
RETURNED = Bounce(
    reporting_mta="mx", recipients=(BouncedRecipient(status="5.2.2", diagnostic="552 5.2.2 over quota"),), token="t"
)
BUSY = failed(StatusCode.DEFERRED, f"{SMTP}: 421 4.3.2 too busy", Step.GREETING)
LOCKED = failed(StatusCode.MAILBOX_LOCKED, f"{MAILBOX}: NO [IN-USE] locked", Step.LOOK)
LOST = failed(StatusCode.SMTP_PROTOCOL, f"{SMTP}: connection lost after the final dot", Step.SUBMIT)


def altered(*alterations: Alteration) -> Conclusion:
    return replace(DELIVERED, status=StatusCode.ALTERED, comparison=Comparison(alterations))


@pytest.mark.parametrize(
    ("conclusion", "text"),
    [
        (DELIVERED, f"Delivered to {MAILBOX} within 0.250 s."),
        (replace(DELIVERED, sighting=None), f"Delivered to {MAILBOX}, though its acceptance was never heard."),
        (
            replace(DELIVERED, verdict=Verdict.SLOW, status=StatusCode.SLOW, step=Step.WAIT),
            f"Delivered to {MAILBOX} within 0.250 s, but that is slower than the warning time.",
        ),
        (
            replace(altered(Alteration(Change.FOOTER, "-- list")), copies=2),
            f'Delivered to {MAILBOX} within 0.250 s, but a footer was put behind its text: "-- list"; 2 copies came in.',
        ),
        (
            altered(Alteration(Change.HTML), Alteration(Change.BANNER, "CAUTION"), Alteration(Change.TAGGED, "[EXT]")),
            f'Delivered to {MAILBOX} within 0.250 s, but its plain text was made HTML; a banner was put in front of its text: "CAUTION"; its subject was tagged: "[EXT]".',
        ),
        (
            replace(DELIVERED, status=StatusCode.DELETE_FAILED, not_deleted=LOCKED),
            f"Delivered to {MAILBOX} within 0.250 s, but it could not be deleted: {MAILBOX}: NO [IN-USE] locked.",
        ),
        (
            replace(DELIVERED, status=StatusCode.MAILBOX_LOCKED, step=Step.LOOK, failure=LOCKED, comparison=None),
            f"Delivered to {MAILBOX} within 0.250 s, but the mailbox failed at step look: {MAILBOX}: NO [IN-USE] locked.",
        ),
        (
            replace(DELIVERED, status=StatusCode.TIMEOUT, step=Step.FETCH, comparison=None),
            f"Delivered to {MAILBOX} within 0.250 s, but the time was up after 300.0 s at step fetch.",
        ),
        (
            replace(DELIVERED, verdict=Verdict.SPAM, status=StatusCode.SPAM_FOLDER, folder="Junk\x1b[2J"),
            f'Delivered to {MAILBOX} within 0.250 s, but it is in the spam folder "Junk?[2J".',
        ),
        (
            ACCEPTED,
            f'Accepted by {SMTP} ("250 2.0.0 Ok: queued as 4F2"), but not seen in {MAILBOX} when the time was up after 300.0 s.',
        ),
        (
            replace(ACCEPTED, verdict=Verdict.MAILBOX_UNREACHABLE, status=StatusCode.MAILBOX_LOCKED, failure=LOCKED),
            f'Accepted by {SMTP} ("250 2.0.0 Ok: queued as 4F2"), but whether it arrived is unknown, as the mailbox could not be read: {MAILBOX}: NO [IN-USE] locked.',
        ),
        (
            Conclusion(verdict=Verdict.UNDECIDED, status=StatusCode.SMTP_PROTOCOL, step=Step.SUBMIT, failure=LOST),
            f"Sent, but not seen in {MAILBOX}, and whether it was accepted is unknown: {SMTP}: connection lost after the final dot.",
        ),
        (
            Conclusion(verdict=Verdict.REFUSED, status=NO_USER.status, step=Step.SUBMIT, failure=NO_USER),
            f"Refused for good: {SMTP}: 550 5.1.1 No such user.",
        ),
        (
            Conclusion(verdict=Verdict.DEFERRED, status=StatusCode.DEFERRED, step=Step.SUBMIT, failure=NO_USER),
            f"Not taken now, the server asks to come back later: {SMTP}: 550 5.1.1 No such user.",
        ),
        (
            Conclusion(
                verdict=Verdict.DEFERRED,
                status=StatusCode.DEFERRED,
                step=Step.GREETING,
                failure=BUSY,
                deferred_for=timedelta(seconds=70),
            ),
            f"Not taken for 70.0 s, the server asks to come back later: {SMTP}: 421 4.3.2 too busy.",
        ),
        (
            replace(ACCEPTED, deferred_for=timedelta(seconds=70)),
            f'Accepted by {SMTP} ("250 2.0.0 Ok: queued as 4F2") after it had put the message off for 70.0 s, but not seen in {MAILBOX} when the time was up after 300.0 s.',
        ),
        (
            Conclusion(verdict=Verdict.REFUSED, status=FULL.status, step=Step.SUBMIT, failure=FULL),
            f"Refused for good, as the mailbox is full: {SMTP}: 552 5.2.2 over quota.",
        ),
        (
            Conclusion(verdict=Verdict.DEFERRED, status=FULL.status, step=Step.SUBMIT, failure=FULL),
            f"Not taken now, as the mailbox is full, the server asks to come back later: {SMTP}: 552 5.2.2 over quota.",
        ),
        (
            replace(ACCEPTED, verdict=Verdict.BOUNCED, status=FULL.status, bounce=RETURNED),
            f'Accepted by {SMTP} ("250 2.0.0 Ok: queued as 4F2"), but it came back, as the mailbox is full: mx says: 552 5.2.2 over quota.',
        ),
        (TIMED_OUT, "Nothing was sent: the time was up after 300.0 s at step connect."),
        (replace(TIMED_OUT, failure=LOST), f"Nothing was sent: {SMTP}: connection lost after the final dot."),
    ],
)
def test_a_sentence_says_what_became_of_the_message(conclusion: Conclusion, text: str) -> None:
    assert summarise(conclusion, smtp=SMTP, mailbox=MAILBOX, duration=timedelta(seconds=300)) == text


@pytest.mark.parametrize(
    ("alteration", "text"),
    [
        (Alteration(Change.BANNER, "CAUTION: external"), 'a banner was put in front of its text: "CAUTION: external"'),
        (Alteration(Change.FOOTER, "-- list"), 'a footer was put behind its text: "-- list"'),
        (Alteration(Change.INSERTED, "an advertisement"), 'something was put into its text: "an advertisement"'),
        (Alteration(Change.ATTACHED, "image/png"), 'a part was added to it: "image/png"'),
        (Alteration(Change.HTML), "its plain text was made HTML"),
        (Alteration(Change.HTML_ADDED), "its plain text was added once more as HTML"),
        (Alteration(Change.LINKS, "https://x/?u=mx", "mx"), 'a link was put in place of a name: "https://x/?u=mx"'),
        (Alteration(Change.TAGGED, "[EXT]"), 'its subject was tagged: "[EXT]"'),
        (Alteration(Change.SUBJECT, "another"), 'its subject was replaced: "another"'),
        (Alteration(Change.SUBJECT), "its subject was taken out"),
        (Alteration(Change.TRUNCATED, "it is still here", "after"), 'its text was cut off after "it is still here"'),
        (Alteration(Change.DAMAGED, "us.", "it."), 'its text was damaged: "it." came as "us."'),
        (Alteration(Change.DAMAGED, "", "no"), 'its text was damaged: "no" is missing'),
        (Alteration(Change.REPLACED, "removed"), 'its text was replaced: "removed"'),
        (Alteration(Change.REPLACED), "nothing of its text is left"),
        (Alteration(Change.UNREADABLE), "it came back in a form that can't be read"),
    ],
)
def test_each_alteration_is_told_in_a_clause(alteration: Alteration, text: str) -> None:
    told = summarise(altered(alteration), smtp=SMTP, mailbox=MAILBOX, duration=timedelta(seconds=3))

    assert told == f"Delivered to {MAILBOX} within 0.250 s, but {text}."


@pytest.mark.parametrize(
    ("percent", "more"),
    [(None, ""), (89, ""), (90, "; the mailbox is 90 % full"), (100, "; the mailbox is 100 % full")],
)
def test_a_full_mailbox_is_named_when_a_message_is_missing(percent: int | None, more: str) -> None:
    text = summarise(ACCEPTED, smtp=SMTP, mailbox=MAILBOX, duration=timedelta(seconds=300), quota_percent=percent)

    assert text.endswith(f"but not seen in {MAILBOX} when the time was up after 300.0 s{more}.")


@pytest.mark.parametrize(
    ("at_least", "at_most", "apart"),
    [(0.0, 0.12, "at most 0.120 s"), (2.0, 3.5, "2.000 s to 3.500 s"), (59.0, 61.0, "59.0 s to 61.0 s")],
)
def test_copies_are_told_with_how_far_apart_they_came(at_least: float, at_most: float, apart: str) -> None:
    spacing = Spacing(at_least=timedelta(seconds=at_least), at_most=timedelta(seconds=at_most))
    doubled = replace(DELIVERED, verdict=Verdict.DOUBLED, status=StatusCode.DOUBLED, copies=3)

    text = summarise(doubled, smtp=SMTP, mailbox=MAILBOX, duration=timedelta(seconds=9), spacing=spacing)

    assert text == f"Delivered to {MAILBOX} within 0.250 s, but 3 copies came in, the last {apart} after the first."


def test_our_own_bug_is_named_without_what_it_says() -> None:
    text = summarise_bug(RuntimeError("password hunter2"))

    assert "RuntimeError" in text
    assert "hunter2" not in text
