"""Alerts as SNMP traps, v1 and v2c: datagrams that nobody answers."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final, cast
from urllib.parse import urlsplit

from pyasn1.codec.ber import encoder  # type: ignore[import-untyped]  # nor has this
from pysnmp.proto import api  # type: ignore[import-untyped]  # it has no types

from mailtrip.alerts.channels.web import FindAddresses, Unreachable
from mailtrip.alerts.traps import NOTIFICATIONS, OBJECTS, ROOT, values_of_trap
from mailtrip.model import AlertMethod, AlertPackage, DeliveryAnswer

__all__ = ["TrapChannel"]

_PORT: Final = 162
_ALERT: Final = 1
_ENTERPRISE_SPECIFIC: Final = 6
_REFUSAL_SECONDS: Final = 0.2
"""A machine nearby tells within this that nobody listens there."""
_PUBLIC: Final = "public"


class TrapChannel:
    """Sends one trap for each delivery.

    Args:
        find_addresses: resolves and judges.
    """

    def __init__(self, find_addresses: FindAddresses) -> None:
        self._find_addresses = find_addresses

    async def send(self, package: AlertPackage) -> DeliveryAnswer:
        """Send one delivery; that it was sent is all that can be known."""
        settings = package.recipient.settings
        parts = urlsplit(f"//{settings.address}")
        port = parts.port or _PORT
        try:
            addresses = await self._find_addresses(parts.hostname or "", port)
        except Unreachable as exc:
            return DeliveryAnswer(is_sent=False, text=str(exc), is_temporary=exc.is_temporary)
        encode = _encode_v1 if settings.method is AlertMethod.SNMP_V1 else _encode_v2c
        trap = await asyncio.to_thread(lambda: encode(values_of_trap(package), package.password or _PUBLIC))
        answer = DeliveryAnswer(is_sent=False, text="the host has no address", is_temporary=True)
        for address in addresses:
            try:
                await _throw(trap, address, port)
            except OSError as exc:
                text = f"{address}: {exc.strerror or type(exc).__name__}"
                answer = DeliveryAnswer(is_sent=False, text=text, is_temporary=True)
            else:
                return DeliveryAnswer(is_sent=True, text=f"sent to {address}, port {port}; traps have no answer")
        return answer


class _Refusal(asyncio.DatagramProtocol):
    """Waits for the word that nobody listens."""

    def __init__(self) -> None:
        self.heard: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def error_received(self, exc: Exception) -> None:
        if not self.heard.done():
            self.heard.set_exception(exc)


async def _throw(trap: bytes, address: str, port: int) -> None:
    """Raises OSError where it can't be sent, or the other side says at once that nobody listens."""
    loop = asyncio.get_running_loop()
    transport, refusal = await loop.create_datagram_endpoint(_Refusal, remote_addr=(address, port))
    try:
        transport.sendto(trap)
        await asyncio.wait([refusal.heard], timeout=_REFUSAL_SECONDS)
        if refusal.heard.done():
            refusal.heard.result()
    finally:
        transport.close()


def _encode_v2c(values: Mapping[str, str | int], community: str) -> bytes:
    module = _module(api.SNMP_VERSION_2C)
    trap = module.SNMPv2TrapPDU()
    module.apiTrapPDU.set_defaults(trap)
    kind = module.ObjectIdentifier((*NOTIFICATIONS, _ALERT))
    bound = [(module.apiTrapPDU.sysUpTime, module.TimeTicks(0)), (module.apiTrapPDU.snmpTrapOID, kind)]
    module.apiTrapPDU.set_varbinds(trap, [*bound, *_bind(module, values)])
    return _wrap(module, trap, community)


def _encode_v1(values: Mapping[str, str | int], community: str) -> bytes:
    module = _module(api.SNMP_VERSION_1)
    trap = module.TrapPDU()
    module.apiTrapPDU.set_defaults(trap)
    # RFC 3584, 3.1: with the enterprise and the specific number, a receiver makes ROOT.0.1 of it, as v2c has it.
    module.apiTrapPDU.set_enterprise(trap, ROOT)
    module.apiTrapPDU.set_generic_trap(trap, _ENTERPRISE_SPECIFIC)
    module.apiTrapPDU.set_specific_trap(trap, _ALERT)
    module.apiTrapPDU.set_agent_address(trap, "0.0.0.0")
    module.apiTrapPDU.set_varbinds(trap, _bind(module, values))
    return _wrap(module, trap, community)


def _bind(
    module: Any, values: Mapping[str, str | int]
) -> list[tuple[Any, Any]]:  # Any: pysnmp makes its classes at run time
    return [
        (
            module.ObjectIdentifier((*ROOT, 1, OBJECTS[name], 0)),
            module.Integer(value) if isinstance(value, int) else module.OctetString(value.encode()),
        )
        for name, value in values.items()
    ]


def _wrap(module: Any, trap: Any, community: str) -> bytes:  # Any: as above
    message = module.Message()
    module.apiMessage.set_defaults(message)
    module.apiMessage.set_community(message, community.encode())
    module.apiMessage.set_pdu(message, trap)
    return cast("bytes", encoder.encode(message))  # untyped


def _module(version: int) -> Any:  # Any: as above
    return api.PROTOCOL_MODULES[version]
