"""Whose host it is, and what the presets say."""

import pytest

from mailtrip.model import PRESETS, UNLIMITED, Provider, Providers

KNOWN = Providers(PRESETS)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("smtp.gmail.com", "gmail"),
        ("IMAP.Gmail.COM.", "gmail"),
        ("smtp.office365.com", "microsoft365"),
        ("outlook.office365.com", "microsoft365"),
        ("example-com.mail.protection.outlook.com", "microsoft365"),
        ("smtp-mail.outlook.com", "outlook.com"),
        ("imap.mail.yahoo.com", "yahoo"),
        ("export.imap.aol.com", "aol"),
        ("imap.mail.me.com", "icloud"),
        ("smtp.fastmail.com", "fastmail"),
        ("imappro.zoho.eu", "zoho"),
        ("pop.gmx.net", "gmx"),
        ("imap.web.de", "gmx"),
        ("smtp.ionos.co.uk", "ionos"),
        ("ssl0.ovh.net", "ovh"),
        ("pop.yandex.ru", "yandex"),
        ("secure.emailsrvr.com", "rackspace"),
        ("smtpout.secureserver.net", "godaddy"),
    ],
)
def test_the_hosts_that_providers_tell_people_to_use_are_known(host: str, name: str) -> None:
    assert KNOWN.of(host).name == name


@pytest.mark.parametrize(
    "host", ["mail.example.com", "notgmail.com", "gmail.com.example.org", "com", "127.0.0.1", "::1"]
)
def test_a_host_of_nobody_known_has_no_limits(host: str) -> None:
    assert KNOWN.of(host) is UNLIMITED


def test_the_longest_name_that_fits_counts_and_of_two_alike_the_later() -> None:
    wide = Provider(name="wide", hosts=("example.com",))
    narrow = Provider(name="narrow", hosts=("mail.example.com",))
    later = Provider(name="later", hosts=("example.com",))

    providers = Providers([wide, narrow, later])

    assert [providers.of(host).name for host in ("a.mail.example.com", "example.com")] == ["narrow", "later"]


def test_no_two_presets_have_a_name_or_a_host_in_common() -> None:
    hosts = [host for preset in PRESETS for host in preset.hosts]

    assert len({preset.name for preset in PRESETS}) == len(PRESETS)
    assert len(set(hosts)) == len(hosts)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_each_preset_limits_what_it_can_and_says_where_that_is_from(preset: Provider) -> None:
    assert preset.login_gap.total_seconds() > 0
    assert preset.connections_per_login
    assert preset.messages_per_hour
    assert preset.source.endswith(".")
