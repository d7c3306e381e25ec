"""Where the service listens."""

import socket
from pathlib import Path

import pytest

from mailtrip.bootstrap.listening import bind, url_of
from mailtrip.config import ListenAddress, UnixAddress
from mailtrip.errors import ConfigurationError


def test_a_unix_socket_is_for_owner_and_group_and_gone_afterwards(tmp_path: Path) -> None:
    address = UnixAddress(tmp_path / "mailtrip.sock")
    with bind(address) as listening, socket.socket(socket.AF_UNIX) as client:
        client.connect(str(address.path))
        assert address.path.stat().st_mode & 0o777 == 0o660
        assert url_of(listening, has_tls=False) == str(address) == f"unix:{address.path}"
    assert not address.path.exists()


def test_a_unix_socket_that_nobody_listens_at_any_more_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "mailtrip.sock"
    with socket.socket(socket.AF_UNIX) as ended:
        ended.bind(str(path))
    with bind(UnixAddress(path)), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


def test_a_unix_socket_of_another_service_is_left_alone(tmp_path: Path) -> None:
    address = UnixAddress(tmp_path / "mailtrip.sock")
    with bind(address):
        with pytest.raises(ConfigurationError, match=r"listen: can't listen at unix:.*--listen"), bind(address):
            pass
        assert address.path.exists()


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("data", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="--listen"), bind(UnixAddress(path)):
        pass
    assert path.read_text(encoding="utf-8") == "data"


def test_a_folder_that_is_not_there_is_named_with_a_remedy(tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigurationError, match=r"gone/a\.sock \(No such file"),
        bind(UnixAddress(tmp_path / "gone/a.sock")),
    ):
        pass


@pytest.mark.parametrize(
    ("host", "has_tls", "url"),
    [
        ("127.0.0.1", False, "http://127.0.0.1:"),
        ("0.0.0.0", True, "https://127.0.0.1:"),
        ("::1", False, "http://[::1]:"),
    ],
)
def test_a_port_is_told_as_people_can_reach_it_on_this_machine(host: str, has_tls: bool, url: str) -> None:
    with bind(ListenAddress(host, 0)) as listening:
        assert url_of(listening, has_tls=has_tls) == f"{url}{listening.getsockname()[1]}"
