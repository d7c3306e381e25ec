"""Findings as JSON: what a run found is read as it was written, also by a program that knows more or less of it."""

import json
from datetime import timedelta

from tests.contract.store.builders import full_facts, full_result

from mailtrip.model import Bounce, BouncedRecipient, Hop, Leg, Proof, Route
from mailtrip.store.findings import Findings, decode_findings, encode_findings


def test_findings_are_read_as_they_were_written() -> None:
    recipients = (BouncedRecipient(address="a@example.com", status="5.1.1"), BouncedRecipient(action="delayed"))
    bounce = Bounce(reporting_mta=None, recipients=recipients, token="t", is_standard=False)
    findings = Findings(proof=(Proof(session=1, line=7),), facts=full_facts(), bounce=bounce, found=full_result().found)
    assert decode_findings(encode_findings(findings)) == findings


def test_text_of_mail_servers_that_no_program_can_take_is_made_harmless() -> None:
    bounce = Bounce(reporting_mta="good \0 \ud83d", recipients=(), token=None)
    found = decode_findings(encode_findings(Findings(bounce=bounce)))
    assert found.bounce == Bounce(reporting_mta="good \ufffd \ufffd", recipients=(), token=None)


def test_nothing_found_takes_no_room() -> None:
    assert encode_findings(Findings()) is None
    assert decode_findings(None) == Findings()


def test_fields_that_are_no_longer_known_are_passed_over_and_missing_ones_get_their_defaults() -> None:
    written = encode_findings(Findings(proof=(Proof(session=0, line=1),), facts=full_facts()))
    assert written is not None
    stored = json.loads(written)
    stored["facts"]["colour"] = "blue"
    stored["facts"]["route"] = {"legs": [{"hop": {"weight": 3}, "delay": 1_500_000}]}
    found = decode_findings(json.dumps(stored))
    assert found.facts is not None
    assert found.facts.route == Route(legs=(Leg(hop=Hop(), delay=timedelta(seconds=1.5)),))
