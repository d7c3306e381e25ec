"""The fields of a user, one row each, as a known client sends and reads them, and the descriptions made from them."""

from typing import Final

from mailtrip.api.alertsite.envelope import list_schema
from mailtrip.api.alertsite.fields import Field, FieldMaker
from mailtrip.api.alertsite.records import RecordTable
from mailtrip.api.alertsite.times import show_time
from mailtrip.api.alertsite.user_codecs import NO_ACCESS_SET, monitor_access, password
from mailtrip.api.codecs import JSON, Codec, boolean, choice, text
from mailtrip.api.openapi import answers, json_body, linked, referring
from mailtrip.model import Role, User, UserSettings

__all__ = [
    "COMPONENTS",
    "CREATE",
    "CREATED",
    "EDIT",
    "EDITED",
    "GUID_SCHEMA",
    "LISTED",
    "READ",
    "REMOVED",
    "USERS",
]

GUID_SCHEMA: Final[dict[str, JSON]] = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_GUID: Final = "5f2b9c3e8a7d4f6091c2e3d4b5a69788"
_MAKER: Final = FieldMaker[User](UserSettings, lambda user: user.settings)
_ACCESS: Final = monitor_access()


def _text(name: str, about: str, *, example: str) -> Field[User]:
    return _MAKER.given(name, name, text(longest=255), about, example=example)


def _write_only(name: str, codec: Codec[str], about: str, *, example: str) -> Field[User]:
    return Field(name=name, codec=codec, setting=name, about=about, example=example, required=True)


_FIELDS: tuple[Field[User], ...] = (
    _MAKER.shown_only(
        "guid", lambda user: user.guid, GUID_SCHEMA, "The user's name in paths, for life.", example=_GUID
    ),
    _MAKER.given(
        "email",
        "email",
        text(longest=254, format="email"),
        "The login, in any case; unique in the installation. It can't be changed.",
        example="user@example.com",
        required=True,
    ),
    _MAKER.given("role", "role", choice(Role), "What the user may do; only an Admin makes an Admin.", example="User"),
    _write_only(
        "password",
        password(),
        "8 to 1024 characters. Never shown; a new one ends all access tokens of the user.",
        example="correct horse",
    ),
    _text("first_name", "For people.", example="Ada"),
    _text("last_name", "For people.", example="Lovelace"),
    _text("work_phone", "For people; nobody is called.", example="+1 202 555 0100"),
    _MAKER.given(
        "monitor_access",
        "access",
        _ACCESS,
        "What the user may do with which monitors, replaced as a whole: `Edit`, `View` or `None`, as far as the role "
        "allows it. Admins and Co-Admins may edit all. null: all may be edited.",
        example={"default": "View", "monitors": [{"id": 100001, "access": "Edit"}]},
        show=lambda user: _ACCESS.write(user.settings.access or NO_ACCESS_SET),
    ),
    _MAKER.given(
        "enabled",
        "enabled",
        boolean(),
        "Whether the user may log in. With false all access tokens and sessions of the user end at once, and API tokens "
        "of the user's are refused until it is true again.",
        example=True,
    ),
    _MAKER.shown_only(
        "date_added",
        lambda user: show_time(user.created_at),
        {"type": "string", "format": "date-time"},
        "When the user was made (UTC).",
        example="2026-01-31T12:00:00Z",
    ),
)

USERS: Final = RecordTable(_FIELDS)


def _edit_schema() -> dict[str, JSON]:
    """All but the address, which stays."""
    properties = {field.name: field.request_schema for field in _FIELDS if field.codec and field.name != "email"}
    return {"type": "object", "properties": properties}


COMPONENTS: Final[dict[str, dict[str, JSON]]] = {
    "UserCreate": USERS.request_schema(create=True),
    "UserEdit": _edit_schema(),
    "User": USERS.response_schema("Who may log in, and as what."),
    "UserList": list_schema(referring("User")),
    "UserID": {
        "type": "object",
        "properties": {"id": {**GUID_SCHEMA, "description": "The user's `guid`.", "examples": [_GUID]}},
        "required": ["id"],
    },
}

_LINKS: Final[dict[str, JSON]] = {
    name: {"operationId": name, "parameters": {"guid": "$response.body#/id"}}
    for name in ("read_user", "edit_user", "remove_user")
}

CREATED: Final = linked(
    answers(
        referring("UserID"),
        "The user was made; its guid.",
        *(400, 401, 403, 408, 413, 422),
        names_ignored=True,
        is_repeatable=True,
    ),
    _LINKS,
)
EDITED: Final = answers(
    referring("UserID"), "The user was changed; its guid.", 400, 401, 403, 404, 408, 413, names_ignored=True
)
LISTED: Final = answers(referring("UserList"), "The users.", 400, 401, 403)
READ: Final = answers(referring("User"), "The user, or those of its fields that were selected.", 400, 401, 403, 404)
REMOVED: Final = answers(None, "The user is gone.", 400, 401, 403, 404, success=204)

CREATE: Final = json_body(referring("UserCreate"), "The user's fields.", required=True)
EDIT: Final = json_body(referring("UserEdit"), "The fields to change; no body changes nothing.", required=False)
