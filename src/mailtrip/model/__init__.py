"""The nouns of Mailtrip: frozen values and closed sets, the standard library only, no I/O."""

from mailtrip.model.location import DEFAULT_LOCATION_ID, Location
from mailtrip.model.mail import Accepted, Envelope, Head, Look, MessageRef
from mailtrip.model.monitor import CustomProperty, Mode, Monitor, MonitorSettings, MonitorType
from mailtrip.model.run import (
    Direction,
    Failure,
    Result,
    Run,
    RunKind,
    RunState,
    SessionRecord,
    Sighting,
    Step,
    Timing,
    TLSFacts,
    TranscriptLine,
)
from mailtrip.model.server import Credentials, MailProtocol, Mechanism, Server, TLSMode, parse_server
from mailtrip.model.status import Severity, StatusCode, Verdict
from mailtrip.model.user import Account, Actor, Role, User

__all__ = [
    "DEFAULT_LOCATION_ID",
    "Accepted",
    "Account",
    "Actor",
    "Credentials",
    "CustomProperty",
    "Direction",
    "Envelope",
    "Failure",
    "Head",
    "Location",
    "Look",
    "MailProtocol",
    "Mechanism",
    "MessageRef",
    "Mode",
    "Monitor",
    "MonitorSettings",
    "MonitorType",
    "Result",
    "Role",
    "Run",
    "RunKind",
    "RunState",
    "Server",
    "SessionRecord",
    "Severity",
    "Sighting",
    "StatusCode",
    "Step",
    "TLSFacts",
    "TLSMode",
    "Timing",
    "TranscriptLine",
    "User",
    "Verdict",
    "parse_server",
]
