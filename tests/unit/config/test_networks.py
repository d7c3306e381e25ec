"""How networks and ports are written in settings."""

from pathlib import Path

import pytest

from mailtrip.config import load
from mailtrip.errors import ConfigurationError

PRIVATE = "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10, fc00::/7"


def shown(values: tuple[object, ...]) -> str:
    return ", ".join(map(str, values))


@pytest.mark.parametrize("name", ["allow_networks", "deny_networks"])
@pytest.mark.parametrize(
    ("raw", "networks"),
    [
        ("none", ""),
        ("loopback", "127.0.0.0/8, ::1/128"),
        ("Link-Local", "169.254.0.0/16, fe80::/10"),
        ("private", PRIVATE),
        ("192.0.2.1", "192.0.2.1/32"),
        ("2001:db8::1", "2001:db8::1/128"),
        (" 192.0.2.0/24 ,loopback", "192.0.2.0/24, 127.0.0.0/8, ::1/128"),
        (["192.0.2.0/24", "2001:db8::/32"], "192.0.2.0/24, 2001:db8::/32"),
        ([], ""),
        # What is judged as IPv4 is written as IPv4.
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
    ],
)
def test_networks_are_a_list_or_text_with_commas(name: str, raw: object, networks: str) -> None:
    settings = load(options={name: raw}, environ={}).settings

    assert shown(getattr(settings, name)) == networks


@pytest.mark.parametrize(
    ("raw", "ports"),
    [
        ("none", ""),
        ("any", "1-65535"),
        ("2526", "2526"),
        (2526, "2526"),
        ("2526, 2600 - 2610", "2526, 2600-2610"),
        ([2526, "2600-2610"], "2526, 2600-2610"),
        ([], ""),
    ],
)
def test_ports_are_numbers_and_spans_of_them(raw: object, ports: str) -> None:
    assert shown(load(options={"allow_ports": raw}, environ={}).settings.allow_ports) == ports


@pytest.mark.parametrize(
    ("name", "raw", "remedy"),
    [
        ("allow_networks", "localnet", "or a word: loopback, link-local, private"),
        ("allow_networks", "any", "192.0.2.0/24"),
        ("allow_networks", "192.0.2.1/24", "has host bits set"),
        ("allow_networks", "192.0.2.0/33", "192.0.2.0/24"),
        ("allow_networks", "loopback,", "'' is no network"),
        ("deny_networks", 10, "write text with commas, or a list"),
        ("deny_networks", [["loopback"]], "in quotes"),
        ("allow_ports", "0", "from 1 to 65535"),
        ("allow_ports", "65536", "from 1 to 65535"),
        ("allow_ports", "30-20", "a span like 2500-2599"),
        ("allow_ports", "smtp", "a span like 2500-2599"),
        ("allow_ports", "+25", "from 1 to 65535"),
        ("allow_ports", True, "or a list"),
        ("allow_ports", [True], "in quotes"),
    ],
)
def test_a_wrong_one_is_refused_saying_what_would_be_right(name: str, raw: object, remedy: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(options={name: raw}, environ={})

    assert str(caught.value).startswith(f"{name}: ")
    assert remedy in str(caught.value)


def test_the_toml_file_takes_lists(tmp_path: Path) -> None:
    path = tmp_path / "mailtrip.toml"
    path.write_text(
        'allow_networks = ["loopback"]\ndeny_networks = ["private"]\nallow_ports = [2526]\n', encoding="utf-8"
    )

    settings = load(options={}, environ={}, config_file=path).settings

    assert (shown(settings.allow_networks), shown(settings.deny_networks), shown(settings.allow_ports)) == (
        "127.0.0.0/8, ::1/128",
        PRIVATE,
        "2526",
    )


def test_a_variable_can_take_back_what_the_file_allows(tmp_path: Path) -> None:
    path = tmp_path / "mailtrip.toml"
    path.write_text('allow_networks = ["loopback"]\n', encoding="utf-8")

    settings = load(options={}, environ={"MAILTRIP_ALLOW_NETWORKS": "none"}, config_file=path).settings

    assert settings.allow_networks == ()
