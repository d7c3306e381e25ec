"""Which channel an alert takes."""

from collections.abc import Mapping
from typing import Protocol

from mailtrip.model import AlertMethod, AlertPackage, DeliveryAnswer

__all__ = ["Channel", "Courier"]


class Channel(Protocol):
    """A way to recipients."""

    async def send(self, package: AlertPackage) -> DeliveryAnswer:
        """Send one delivery, as one message; an exception is our own fault."""
        ...


class Courier:
    """Hands each delivery to the channel of its recipient's method."""

    def __init__(self, channels: Mapping[AlertMethod, Channel]) -> None:
        self._channels = channels

    async def send(self, package: AlertPackage) -> DeliveryAnswer:
        """Send one delivery; where there is no channel for it, it has failed for good."""
        method = package.recipient.settings.method
        channel = self._channels.get(method)
        if channel is None:
            known = ", ".join(f"{number.value} ({number.text})" for number in sorted(self._channels))
            text = f"alerts can't be sent by method {method.value} ({method.text}); choose one of {known}"
            return DeliveryAnswer(is_sent=False, text=text)
        return await channel.send(package)
