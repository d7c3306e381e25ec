from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mailtrip.model import Severity, StatusCode, Step
from mailtrip.testing.engine import make_result
from mailtrip.web.remedies import remedy_of

RESULT = make_result(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("status", [each for each in StatusCode if each is not StatusCode.LOCATION_SILENT])
def test_each_trouble_has_a_remedy(status: StatusCode) -> None:
    found = remedy_of(replace(RESULT, status=status))

    assert (found is None) == (status.severity is Severity.OK)


def test_a_timeout_at_a_server_is_not_told_as_a_message_that_did_not_come() -> None:
    waited, stuck = (
        remedy_of(replace(RESULT, status=StatusCode.TIMEOUT, step=step)) for step in (Step.WAIT, Step.MAILBOX_GREETING)
    )

    assert waited is not None
    assert "into this mailbox" in waited
    assert stuck is not None
    assert "kind of TLS" in stuck
