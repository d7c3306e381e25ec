"""The server that takes alerts sent by mail, as the settings name it."""

from mailtrip.config import Settings
from mailtrip.errors import ConfigurationError
from mailtrip.model import MailProtocol, Server, parse_server

__all__ = ["relay_of"]


def relay_of(settings: Settings) -> Server | None:
    """The server that takes alerts sent by mail; None where none is set.

    Raises:
        ConfigurationError: what is set is no server, or is half a login.
    """
    if settings.alert_relay is None:
        return None
    if (settings.alert_relay_username is None) is not (settings.alert_relay_password is None):
        raise ConfigurationError("alert_relay_username and alert_relay_password: give both or none")
    try:
        return parse_server(settings.alert_relay, MailProtocol.SMTP)
    except ValueError as exc:
        raise ConfigurationError(f"alert_relay: {exc}") from exc
