"""The service's own TLS: what is said of its files, and what a client sees of it."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from structlog.testing import capture_logs

from mailtrip.bootstrap.tls import ServerTLS, make_tls
from mailtrip.clock import SystemClock
from mailtrip.config import load
from mailtrip.errors import ConfigurationError
from mailtrip.testing.certificates import Authority, ServerCertificate

CLOCK = SystemClock()


@dataclass(frozen=True)
class Files:
    certificate: Path
    key: Path

    def write(self, pair: ServerCertificate) -> None:
        self.certificate.write_text(pair.certificate_pem, encoding="utf-8")
        self.key.write_text(pair.key_pem, encoding="utf-8")
        self.key.chmod(0o600)

    def load(self) -> ServerTLS:
        return ServerTLS(self.certificate, self.key, clock=CLOCK)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def files(authority: Authority, tmp_path: Path) -> Files:
    found = Files(tmp_path / "cert.pem", tmp_path / "key.pem")
    found.write(authority.issue())
    return found


def shake_hands(server: ssl.SSLContext, client: ssl.SSLContext) -> ssl.SSLObject:
    """The client's side after a handshake in memory; raises ssl.SSLError."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = server.wrap_bio(to_server, to_client, server_side=True)
    theirs = client.wrap_bio(to_client, to_server, server_hostname="localhost")
    for _ in range(5):
        for side in (theirs, ours):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    assert theirs.version() is not None
    return theirs


def trusting(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=authority.ca_pem)


def serial(side: ssl.SSLObject) -> object:
    return (side.getpeercert() or {})["serialNumber"]


def test_a_client_that_trusts_the_authority_is_content(files: Files, authority: Authority) -> None:
    with capture_logs() as logs:
        tls = files.load()
    assert shake_hands(tls.context, trusting(authority)).version() == "TLSv1.3"
    assert logs == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("version", "is_taken"), [(ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True)], ids=["1.1", "1.2"]
)
def test_nothing_older_than_tls_1_2_is_spoken(
    files: Files, authority: Authority, version: ssl.TLSVersion, is_taken: bool
) -> None:
    client = trusting(authority)
    client.set_ciphers("ALL:@SECLEVEL=0")
    client.minimum_version = client.maximum_version = version
    if is_taken:
        assert shake_hands(files.load().context, client).version() == "TLSv1.2"
    else:
        with pytest.raises(ssl.SSLError):
            shake_hands(files.load().context, client)


def test_only_ciphers_with_forward_secrecy_and_authentication_are_offered(files: Files) -> None:
    for cipher in files.load().context.get_ciphers():
        assert cipher["name"].startswith(("TLS_", "ECDHE-"))
        assert cipher["aead"]


def test_after_a_reload_new_handshakes_see_the_new_certificate(files: Files, authority: Authority) -> None:
    tls = files.load()
    before = serial(shake_hands(tls.context, trusting(authority)))
    files.write(authority.issue())
    tls.reload()
    assert serial(shake_hands(tls.context, trusting(authority))) != before


@pytest.mark.parametrize("spoils", ["key", "certificate"])
def test_a_reload_of_files_that_do_not_fit_changes_nothing(files: Files, authority: Authority, spoils: str) -> None:
    tls = files.load()
    before = serial(shake_hands(tls.context, trusting(authority)))
    other = authority.issue()
    if spoils == "key":
        files.key.write_text(other.key_pem, encoding="utf-8")
    else:
        files.certificate.write_text(other.certificate_pem, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="is not the key of the certificate"):
        tls.reload()
    assert serial(shake_hands(tls.context, trusting(authority))) == before


@pytest.mark.parametrize(
    ("named", "missing"), [("tls_cert", "tls_key: is missing"), ("tls_key", "tls_cert: is missing")]
)
def test_one_file_without_the_other_is_named_with_a_remedy(named: str, missing: str) -> None:
    settings = load(options={named: "/x.pem"}, environ={}).settings
    with pytest.raises(ConfigurationError, match=rf"{missing}; .* with --tls-"):
        make_tls(settings, clock=CLOCK)


def test_without_files_there_is_no_tls() -> None:
    assert make_tls(load(options={}, environ={}).settings, clock=CLOCK) is None


@pytest.mark.parametrize(("name", "option"), [("certificate", "--tls-cert"), ("key", "--tls-key")])
def test_a_file_that_is_not_there_is_named_with_a_remedy(files: Files, name: str, option: str) -> None:
    path: Path = getattr(files, name)
    path.unlink()
    with pytest.raises(ConfigurationError, match=rf"{path} can't be read \(No such file .*with {option}"):
        files.load()


@pytest.mark.parametrize("name", ["certificate", "key"])
def test_a_folder_in_place_of_a_file_is_named_with_a_remedy(files: Files, name: str) -> None:
    path: Path = getattr(files, name)
    path.unlink()
    path.mkdir()
    with pytest.raises(ConfigurationError, match=r"can't be read \(Is a directory\)"):
        files.load()


@pytest.mark.parametrize(
    "content", ["", "nonsense", "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n"]
)
def test_what_is_no_certificate_is_named_with_a_remedy(files: Files, content: str) -> None:
    files.certificate.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"cert\.pem holds no PEM certificate; name the file"):
        files.load()


@pytest.mark.parametrize("content", ["", "nonsense"])
def test_what_is_no_key_is_named_with_a_remedy(files: Files, content: str) -> None:
    files.key.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"key\.pem holds no PEM private key; name the file"):
        files.load()


def test_a_damaged_key_is_named_and_not_shown(files: Files) -> None:
    files.key.write_text("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"key\.pem can't be used") as caught:
        files.load()
    assert "c2VjcmV0" not in str(caught.value)


def test_the_key_of_another_certificate_is_named_with_a_remedy(files: Files, authority: Authority) -> None:
    files.key.write_text(authority.issue().key_pem, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"key\.pem is not the key of the certificate in .*cert\.pem; name"):
        files.load()


def test_an_encrypted_key_is_refused_with_a_remedy_and_nobody_is_asked(files: Files) -> None:
    key = serialization.load_pem_private_key(files.key.read_bytes(), None)
    encrypted = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"password"),
    )
    files.key.write_bytes(encrypted)
    with pytest.raises(ConfigurationError, match=r"key\.pem is encrypted, .* openssl pkey -in .* -out FILE"):
        files.load()


def events(load_files: Callable[[], object]) -> list[str]:
    with capture_logs() as logs:
        load_files()
    assert {entry["log_level"] for entry in logs} <= {"warning"}
    assert all(entry["remedy"] for entry in logs)
    return [entry["event"] for entry in logs]


def test_a_certificate_that_clients_will_refuse_is_warned_of(files: Files, authority: Authority) -> None:
    files.write(authority.expired())
    assert events(files.load) == ["the TLS certificate has expired: clients refuse it"]
    files.write(authority.not_yet_valid())
    assert events(files.load) == ["the TLS certificate is not valid yet: clients refuse it"]


def test_a_certificate_that_expires_soon_is_warned_of(files: Files, authority: Authority) -> None:
    files.write(authority.issue(not_after=datetime.now(UTC) + timedelta(days=13)))
    assert events(files.load) == ["the TLS certificate expires soon"]


@pytest.mark.parametrize(
    ("mode", "is_loose"), [(0o600, False), (0o400, False), (0o640, False), (0o644, True), (0o660, True)]
)
def test_a_key_that_others_can_read_or_change_is_warned_of(files: Files, mode: int, is_loose: bool) -> None:
    files.key.chmod(mode)
    assert events(files.load) == (["others can read or change the TLS key"] if is_loose else [])


def test_a_reload_warns_once(files: Files, authority: Authority) -> None:
    tls = files.load()
    files.write(authority.expired())
    assert events(tls.reload) == ["the TLS certificate has expired: clients refuse it"]
