"""What the ledger keeps of a run, as our own API and the vendor's show it: revisions, rechecks, facts, proof."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.api.harness import Server
from tests.api.harness_runs import SESSIONS, START, arrive_late, finish_first, result
from tests.contract.store.builders import full_facts

from mailtrip.model import Bounce, BouncedRecipient, Copy, Proof, Result, StatusCode, Verdict

SECOND = timedelta(seconds=1)
MISSING = result("t", Verdict.MISSING, StatusCode.TIMEOUT, summary="Not seen in 300 s.")
GOOD = result("t", Verdict.DELIVERED, StatusCode.OK, summary="Delivered.")


@pytest.fixture
def monitored(server: Server) -> Server:
    assert server.create() == 100001
    return server


def test_a_change_of_mind_is_shown_with_its_time(monitored: Server) -> None:
    run_id = finish_first(monitored, MISSING)
    arrive_late(monitored)
    found = monitored.get(f"/api/v1/runs/{run_id}").json()
    missed = "Not seen in 300 s; no earlier run is known."
    summary = "Arrived late: in INBOX 11 min 59 s after it was accepted, 6 min 59 s after the run's deadline."
    assert found["revisions"] == [
        {"at": "2026-01-01T11:00:02.550000Z", "verdict": "missing", "status": 2, "summary": missed},
        {"at": "2026-01-01T11:15:00Z", "verdict": "late", "status": 2, "summary": summary},
    ]
    assert (found["verdict"], found["delay_seconds"], found["summary"]) == ("late", 719.0, summary)
    assert found["accepted_at"] == "2026-01-01T11:00:01Z"
    assert found["token"] == "scheduledtoken"


def test_the_copies_of_a_doubled_message_are_shown_with_how_far_apart_they_came(monitored: Server) -> None:
    seen = START + 2 * SECOND
    first = Copy(
        folder="INBOX", key="7", not_before=START + SECOND, not_after=seen, received_at=START + SECOND, deleted_at=seen
    )
    run_id = finish_first(monitored, replace(GOOD, copies=1, found=(first,)))
    arrive_late(monitored)
    found = monitored.get(f"/api/v1/runs/{run_id}").json()
    assert (found["verdict"], found["copies"]) == ("doubled", 2)
    assert found["copies_apart"] == {"at_least_seconds": 718.0, "at_most_seconds": 720.0}
    assert found["summary"] == (
        "Delivered; 2 copies came in all, the last was found in INBOX at 2026-01-01 11:15:00 UTC; "
        "it had come 11 min 58 s to 12 min apart from the first."
    )
    assert found["found"][0] == {
        "folder": "INBOX",
        "not_before": "2026-01-01T11:00:01Z",
        "not_after": "2026-01-01T11:00:02Z",
        "received_at": "2026-01-01T11:00:01Z",
        "stamped_at": None,
        "deleted_at": "2026-01-01T11:00:02Z",
    }
    assert (found["found"][1]["not_after"], found["found"][1]["deleted_at"]) == ("2026-01-01T11:15:00Z", None)


def test_a_late_arrival_is_in_the_last_status_with_its_true_delay(monitored: Server) -> None:
    finish_first(monitored, MISSING)
    arrive_late(monitored)
    last = monitored.get("/api/v3/monitors/100001").json()["last_status"]
    assert (last["verdict"], last["status"], last["delivery_seconds"]) == ("late", 2, 719.0)


def test_runs_can_be_asked_for_by_the_verdict_in_force(monitored: Server) -> None:
    run_id = finish_first(monitored, MISSING)
    arrive_late(monitored)
    path = "/api/v1/monitors/100001/runs?verdict="
    assert [run["id"] for run in monitored.get(f"{path}late").json()["results"]] == [run_id]
    assert monitored.get(f"{path}missing").json()["results"] == []


@pytest.mark.parametrize(
    ("recheck", "verified", "severity", "side"), [(GOOD, False, "warning", "ok"), (MISSING, True, "error", "error")]
)
def test_a_run_and_its_recheck_name_each_other_and_only_a_verified_error_counts(
    monitored: Server, recheck: Result, *, verified: bool, severity: str, side: str
) -> None:
    run_id = finish_first(monitored, MISSING)
    recheck_id = finish_first(monitored, recheck, recheck_of=run_id)
    found = monitored.get(f"/api/v1/runs/{run_id}").json()
    checking = monitored.get(f"/api/v1/runs/{recheck_id}").json()
    last = monitored.get("/api/v3/monitors/100001").json()["last_status"]
    sides = {
        word: monitored.get(f"/api/v3/report-sitestatus?status={word}").json()["results"] for word in ("ok", "error")
    }
    assert (found["recheck_id"], found["verified"], found["severity"]) == (recheck_id, verified, severity)
    assert (checking["recheck_of"], checking["kind"]) == (run_id, "recheck")
    assert (last["run_id"], last["severity"], last["status"]) == (run_id, severity, 2)
    assert [word for word, results in sides.items() if results] == [side]


def test_the_lines_that_prove_the_verdict_are_named_and_shown(monitored: Server) -> None:
    proof = (Proof(session=0, line=1), Proof(session=0, line=7), Proof(session=5, line=0))
    run_id = finish_first(monitored, replace(MISSING, proof=proof))
    assert monitored.get(f"/api/v1/runs/{run_id}").json()["proof"] == [
        {"session": 0, "line": 1, "text": SESSIONS[0].transcript[1].text},
        {"session": 0, "line": 7, "text": None},
        {"session": 5, "line": 0, "text": None},
    ]


def test_a_deferral_and_what_was_left_behind_are_shown(monitored: Server) -> None:
    run_id = finish_first(monitored, replace(GOOD, deferred_for=70 * SECOND, copies=2, left_behind=1))
    found = monitored.get(f"/api/v1/runs/{run_id}").json()
    assert (found["deferred_for_seconds"], found["copies"], found["left_behind"]) == (70.0, 2, 1)


def test_a_bounce_is_shown(monitored: Server) -> None:
    recipient = BouncedRecipient(
        address="a@example.com", status="5.1.1", diagnostic="550 no such user", remote_mta="mx.example.com"
    )
    bounce = Bounce(reporting_mta="relay.example.com", recipients=(recipient,), token="t")
    outcome = replace(MISSING, verdict=Verdict.BOUNCED, status=StatusCode.BOUNCED, bounce=bounce)
    run_id = finish_first(monitored, outcome)
    assert monitored.get(f"/api/v1/runs/{run_id}").json()["bounce"] == {
        "reporting_mta": "relay.example.com",
        "is_standard": True,
        "recipients": [
            {
                "address": "a@example.com",
                "action": "failed",
                "status": "5.1.1",
                "diagnostic": "550 no such user",
                "remote_mta": "mx.example.com",
            }
        ],
    }


def test_what_the_message_tells_of_its_way_is_shown(monitored: Server) -> None:
    run_id = finish_first(monitored, replace(GOOD, facts=full_facts()))
    facts = monitored.get(f"/api/v1/runs/{run_id}").json()["facts"]
    passed = {"result": "pass", "domain": "probe.test", "reason": "good Grüße"}
    nothing = {"spf": None, "dkim": None, "dmarc": None, "arc": None}
    assert {name: facts[name] for name in ("size", "folder", "tls_on_last_hop", "slowest_hop")} == {
        "size": 1234,
        "folder": "INBOX",
        "tls_on_last_hop": False,
        "slowest_hop": 1,
    }
    assert facts["until_seen_seconds"] == 7e-06
    assert [(hop["by"], hop["delay_seconds"], hop["spans"], hop["note"]) for hop in facts["hops"]] == [
        (None, None, 1, None),
        ("mx.probe.test", 2.0, 2, "x"),
    ]
    assert facts["clock_skews"] == [{"host": None, "low_seconds": -3.0, "high_seconds": 1.0, "text": "behind"}]
    claim = {"instance": 1, "written_by": "relay.test", **nothing, "spf": passed}
    assert facts["authentication"] == {"written_by": "mx.probe.test", **nothing, "dkim": passed, "claims": [claim]}
    assert facts["spam_marks"] == [{"source": "rspamd", "score": -1.5, "threshold": 15.0, "is_spam": False}]
