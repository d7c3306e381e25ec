"""How many files the process may have open; its limit is changed in a process of its own."""

import json
import subprocess
import sys

import pytest

from mailtrip.bootstrap.open_files import files_needed
from mailtrip.config import load

SCRIPT = """
import json, resource, sys
from structlog.testing import capture_logs
from mailtrip.bootstrap.open_files import raise_file_limit
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 300))
with capture_logs() as logs:
    raise_file_limit(int(sys.argv[1]))
print(json.dumps([resource.getrlimit(resource.RLIMIT_NOFILE), [entry["remedy"] for entry in logs]]))
"""


@pytest.mark.parametrize(("needed", "warnings"), [(300, 0), (301, 1)])
def test_the_soft_limit_becomes_the_hard_one_and_what_is_too_low_is_warned_of(needed: int, warnings: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(needed)], capture_output=True, text=True, check=True, timeout=60
    )
    limits, remedies = json.loads(done.stdout)
    assert limits == [300, 300]
    assert len(remedies) == warnings
    assert all("LimitNOFILE=" in remedy for remedy in remedies)


def test_runs_with_two_sessions_and_connections_of_clients_both_count() -> None:
    few = files_needed(load(options={"max_runs": "1", "max_connections": "2"}, environ={}).settings)
    assert files_needed(load(options={"max_runs": "11", "max_connections": "7"}, environ={}).settings) == few + 25
