"""What schemathesis must be told beside the description: how to log in, what our formats look like, cross-field rules."""

import base64
import os
import re
import uuid
from typing import Any

import requests
import schemathesis
from hypothesis import strategies as st

from mailtrip.api.alertsite.monitor_fields import FIELDS

_LABEL = st.from_regex(r"[a-z][a-z0-9]{0,10}", fullmatch=True)
_HOST = st.builds("{}.{}".format, _LABEL, _LABEL)
_CERTIFICATE = next(str(field.example) for field in FIELDS if field.name == "tls_ca")
_TYPES = ("RoundTrip", "SMTPCheck", "POP3Check", "IMAPCheck")
_PORT = st.one_of(st.just(""), st.integers(1, 65535).map(":{}".format))

# Any: schemathesis has no types for what it hands to hooks.


def _server(*schemes: str) -> st.SearchStrategy[str]:
    return st.builds("{}{}{}".format, st.sampled_from(["", *schemes]), _HOST, _PORT)


schemathesis.openapi.format("smtp-server", _server("smtp://", "smtps://"))
schemathesis.openapi.format("pop3-server", _server("pop3://", "pop3s://"))
schemathesis.openapi.format("imap-server", _server("imap://", "imaps://"))
schemathesis.openapi.format("email", st.builds("{}@{}".format, _LABEL, _HOST))
schemathesis.openapi.format("pem-bundle", st.just(_CERTIFICATE))
schemathesis.openapi.format("time-zone", st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]))
schemathesis.openapi.format("contact", st.builds("{}@{}".format, _LABEL, _HOST))
schemathesis.openapi.format("plain-time", st.datetimes().map(lambda moment: f"{moment:%Y-%m-%d %H:%M:%S}".zfill(19)))
schemathesis.openapi.format("run-cursor", st.just("MTc2NzI2ODgwMDAwMDAwMC4xMDAwMDE"))


@schemathesis.hook
def before_load_schema(context: Any, raw_schema: dict[str, Any]) -> None:
    """Lengths of texts whose format we make up here are left out: long ones would be searched for in vain."""
    for name in (f"{kind}{verb}" for kind in (*_TYPES, "Recipient", "User") for verb in ("Create", "Edit")):
        for field in raw_schema["components"]["schemas"][name]["properties"].values():
            for schema in (field, *field.get("anyOf", ())):
                if "format" in schema:
                    schema.pop("maxLength", None)


@schemathesis.auth(refresh_interval=None)
class Login:
    """Logs in anew for a log-out, so that the others' token goes on living; with Basic where that is wanted."""

    shared: str | None = None

    def get(self, case: Any, context: Any) -> str:
        if context.operation.path.startswith("/report-api"):
            login = f"{os.environ['FUZZ_USERNAME']}:{os.environ['FUZZ_PASSWORD']}"
            return f"Basic {base64.b64encode(login.encode()).decode()}"
        if context.operation.method.upper() == "DELETE" and context.operation.path.endswith("/access-tokens"):
            return f"Bearer {_log_in()}"
        if Login.shared is None:
            Login.shared = _log_in()
        return f"Bearer {Login.shared}"

    def set(self, case: Any, data: str, context: Any) -> None:
        case.headers = {**(case.headers or {}), "Authorization": data}


def _log_in() -> str:
    login = {"username": os.environ["FUZZ_USERNAME"], "password": os.environ["FUZZ_PASSWORD"]}
    response = requests.post(os.environ["FUZZ_URL"] + "/api/v3/access-tokens", json=login, timeout=10)
    token: str = response.json()["access_token"]
    return token


_BETWEEN_FIELDS = re.compile(
    r"invalid_request - (?:"
    r"timeout: .* is not below the interval"
    r"|warning_time: .* use more than 0 and less than the timeout"
    r"|(?:smtp_)?(?:username|password): is required with"
    r"|(?:smtp|mailbox)_auth: .* has no "
    r"|mode: .* needs two locations"
    r"|monitor_location_count: .* the monitor has"
    r"|home_location: .* is not one of the monitor's locations"
    r"|(?:locations|home_location): there is no location"
    r"|locations: names a location twice"
    r"|(?:smtp_|pop3_|imap_)?hostname: .* contradicts TLS mode"
    r"|hostname: .* names port .* but the port is given as"
    r"|(?:(?:smtp_|pop3_|imap_)?hostname|port|ipv4): .* can add .* to allow_(?:networks|ports)"
    r"|ipv4: is no IPv4 address"
    r"|logo: is (?:no PNG or JPEG picture|a picture that ends too early)"
    r"|began_at: must be within the last year"
    r"|monthly_report: comes by mail"
    r"|folders: (?:is for IMAP|names )"
    r"|tags: (?:names a tag twice|a tag )"
    r"|location_id: .* is none of the monitor's locations"
    r"|recipient: is (?:no |shortened)"
    r"|method_id: PagerDuty recipients"
    r"|error_window: .* can't have .* errors \(start_threshold\)"
    r"|(?:username|password): .* has no login"
    r"|username: has a colon"
    r"|(?:monitors|monitor_ids|entries|recipients|escalate_to|escalate_to_groups|fallback): there is no "
    r"|(?:monitors|monitor_ids|entries|recipients|errortypes|escalate_to|escalate_to_groups): names .* twice"
    r"|(?:escalate_after_minutes|escalate_to): is required for an escalation"
    r"|password: is (?:required by|no Apprise URL|no signing secret)"
    r"|fallback: is the recipient itself"
    r"|quiet_hours: item .* ends at the time it starts at"
    r"|alert_id: is about no trouble that lasts"
    r"|minutes: give either minutes or until"
    r"|until: must lie within the next 7 days"
    r"|monitor_id: (?:there is no monitor|monitor .* has SLA)"
    r"|exclusions: item .* (?:ends at or before its start|names location)"
    r"|exclusions: has [12][0-9]{3} items; at most 1000 are allowed"
    r"|update_sla_objectives: is true for no part"
    r"|(?:operating_periods|exclusions|update_exclusions_action): is required with"
    r"|(?:availability|response_time): is required"
    r"|assoc_id: (?:there is no |.* would have more than 1000 blackouts)"
    r"|.*from_date: is not in the future"
    r"|.*thru_date: (?:is not later than the start|lies beyond)"
    r"|.*end_time: is the time it starts at"
    r"|persistent: a one-time blackout can't be edited"
    r"|rdate: is given beside dates"
    r"|start_date: is missing; give it with end_date"
    r"|email: .* is taken"
    r"|(?:email|role): .* is the last Admin"
    r"|monitor_access: (?:there is no monitor|names monitor .* twice)"
    r"|expires_at: is not in the future"
    r"|(?:from|to|bucket): (?:must be later|more than 10000 of them|too )"
    r"|User authentication failed"
    r")"
)


_KEY = re.compile('[A-Za-z0-9._:~+/=-]{1,128}|"[A-Za-z0-9._:~+/=-]{1,128}"')

_deleted: set[str] = set()


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Let not all requests of an operation end at the example of a header: at a key used before, or a tag of yesterday."""
    headers = case.headers or {}
    if headers.get("If-Match") == '"3"':
        headers["If-Match"] = "*"
    if _KEY.fullmatch(headers.get("Idempotency-Key") or ""):
        headers["Idempotency-Key"] = str(uuid.uuid4())


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Note which monitors were deleted."""
    if case.method.upper() == "DELETE" and response.status_code == 204 and "monitor_id" in case.path_parameters:
        _deleted.add(str(case.path_parameters["monitor_id"]))


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Failures that are none.

    Rules between fields and with what is stored, which a schema can't tell: a refusal that names one is right. And a
    monitor is deleted on another path than it is made and edited on: a 404 after that is right.
    """
    kind = type(failure).__name__
    if kind == "EnsureResourceAvailability" and "blackout_id" in case.path_parameters:
        return not _deleted  # a monitor's blackouts go with it
    if kind == "EnsureResourceAvailability":
        return str(case.path_parameters.get("monitor_id")) not in _deleted
    if kind in {"RejectedPositiveData", "AcceptedNegativeData"} and response.status_code == 412:
        return "If-Match" not in case.headers  # looked at before the body is
    if kind == "RejectedPositiveData" and response.status_code == 400:
        return not all(_BETWEEN_FIELDS.match(error["message"]) for error in response.json()["errors"])
    return True
