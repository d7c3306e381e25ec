import asyncio
import ssl

import pytest

from mailtrip.testing.certificates import Authority, ServerCertificate
from mailtrip.testing.server import LoopbackServer


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def shake_hands(authority: Authority, certificate: ServerCertificate, host: str = "localhost") -> str | None:
    """The TLS version after a handshake in memory.

    Raises:
        ssl.SSLCertVerificationError: as the client raises it.
    """
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    trust = ssl.create_default_context(cadata=authority.ca_pem)
    client = trust.wrap_bio(to_client, to_server, server_hostname=host)
    server = certificate.server_context().wrap_bio(to_server, to_client, server_side=True)
    for side in (client, server, client, server):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return client.version()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_an_issued_certificate_verifies_for_each_of_its_names(authority: Authority, host: str) -> None:
    assert shake_hands(authority, authority.issue(), host) == "TLSv1.3"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("expired", "certificate has expired"),
        ("not_yet_valid", "certificate is not yet valid"),
        ("wrong_name", "Hostname mismatch"),
        ("foreign", "unable to get local issuer certificate"),
    ],
)
def test_a_bad_certificate_is_bad_for_its_one_reason(authority: Authority, kind: str, reason: str) -> None:
    certificate: ServerCertificate = getattr(authority, kind)()
    with pytest.raises(ssl.SSLCertVerificationError, match=reason):
        shake_hands(authority, certificate)


def test_a_key_does_not_show(authority: Authority) -> None:
    assert "PRIVATE KEY" not in repr(authority.issue())


async def test_a_server_may_be_limited_to_an_old_version_of_tls(authority: Authority) -> None:
    context = authority.issue().server_context(maximum_version=ssl.TLSVersion.TLSv1_2)
    trust = ssl.create_default_context(cadata=authority.ca_pem)
    async with LoopbackServer({}, tls_context=context) as server:
        reader, writer = await asyncio.open_connection("localhost", server.port("imaps"), ssl=trust)
        assert writer.get_extra_info("ssl_object").version() == "TLSv1.2"
        assert (await reader.readline()).startswith(b"* OK")
        writer.close()
        await writer.wait_closed()
