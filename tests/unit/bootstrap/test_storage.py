"""Opening what the program keeps."""

from pathlib import Path

from mailtrip.bootstrap.storage import open_storage, share_storage
from mailtrip.clock import SystemClock
from mailtrip.config import load
from mailtrip.service import users
from mailtrip.store import Connection


def test_what_is_shared_can_be_opened_and_read_while_the_other_process_writes(tmp_path: Path) -> None:
    settings, clock = load(options={"data_dir": str(tmp_path)}, environ={}).settings, SystemClock()

    def look(_connection: Connection) -> int:
        with share_storage(settings, clock=clock) as shared:
            return shared.database.read(users.count_all)

    with open_storage(settings, clock=clock) as storage:
        assert storage.database.write(look) == 0
