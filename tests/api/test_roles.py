"""Who may do what (alertsite-v3.md, section 9), on every route of the description: one without a row here fails."""

from enum import Enum

import pytest
from tests.api.harness import PASSWORD, Server, email_of
from tests.api.walk import Walker, make_records, operations, required_query

from mailtrip.model import Role


class Who(Enum):
    """Who may do something."""

    ALL = frozenset(Role)
    TESTERS = frozenset(Role) - {Role.READ_ONLY}
    EDITORS = frozenset({Role.ADMIN, Role.CO_ADMIN, Role.POWER_USER})
    MANAGERS = frozenset({Role.ADMIN, Role.CO_ADMIN})


MATRIX = {
    "create_access_token": Who.ALL,
    "remove_access_token": Who.ALL,
    "read_health": Who.ALL,
    "list_monitors": Who.ALL,
    "read_monitor": Who.ALL,
    "create_round_trip_monitor": Who.EDITORS,
    "edit_round_trip_monitor": Who.EDITORS,
    "create_smtp_monitor": Who.EDITORS,
    "edit_smtp_monitor": Who.EDITORS,
    "create_pop_monitor": Who.EDITORS,
    "edit_pop_monitor": Who.EDITORS,
    "create_imap_monitor": Who.EDITORS,
    "edit_imap_monitor": Who.EDITORS,
    "remove_monitor": Who.EDITORS,
    "list_locations": Who.ALL,
    "list_runs": Who.ALL,
    "read_run": Who.ALL,
    "start_test": Who.TESTERS,
    "run_monitor": Who.TESTERS,
    "read_site_status": Who.ALL,
    "report_detail": Who.ALL,
    "report_site_status": Who.ALL,
    "list_blackouts": Who.ALL,
    "read_blackout": Who.ALL,
    "create_blackout": Who.EDITORS,
    "edit_blackout": Who.EDITORS,
    "edit_blackouts_of_monitors": Who.EDITORS,
    "remove_blackout": Who.EDITORS,
    "list_recipients": Who.ALL,
    "read_recipient": Who.ALL,
    "create_recipient": Who.EDITORS,
    "edit_recipient": Who.EDITORS,
    "remove_recipient": Who.EDITORS,
    "list_recipient_groups": Who.ALL,
    "read_recipient_group": Who.ALL,
    "create_recipient_group": Who.EDITORS,
    "edit_recipient_group": Who.EDITORS,
    "remove_recipient_group": Who.EDITORS,
    "list_slas": Who.ALL,
    "read_sla": Who.ALL,
    "create_sla": Who.EDITORS,
    "edit_sla": Who.EDITORS,
    "bulk_edit_slas": Who.EDITORS,
    "remove_sla": Who.EDITORS,
    "list_alerts": Who.ALL,
    "read_alert": Who.ALL,
    "test_recipient": Who.EDITORS,
    "preview_alert": Who.ALL,
    "acknowledge_alert": Who.TESTERS,
    "reopen_alert": Who.TESTERS,
    "snooze_alert": Who.TESTERS,
    "wake_alert": Who.TESTERS,
    "list_users": Who.MANAGERS,
    "read_user": Who.MANAGERS,
    "create_user": Who.MANAGERS,
    "edit_user": Who.MANAGERS,
    "remove_user": Who.MANAGERS,
    "list_tokens": Who.ALL,
    "create_token": Who.ALL,
    "revoke_token": Who.ALL,
    "list_audit_entries": Who.MANAGERS,
    "read_availability": Who.ALL,
    "read_response_time": Who.ALL,
    "read_sla_report": Who.ALL,
    "read_outages": Who.ALL,
    "read_status_page": Who.ALL,
    "edit_status_page": Who.EDITORS,
    "renew_status_page": Who.EDITORS,
    "list_incidents": Who.ALL,
    "read_incident": Who.ALL,
    "create_incident": Who.EDITORS,
    "edit_incident": Who.EDITORS,
    "update_incident": Who.EDITORS,
    "remove_incident": Who.EDITORS,
}


@pytest.mark.parametrize("role", Role)
def test_each_operation_is_open_to_the_roles_of_the_table_and_to_no_other(server: Server, role: Role) -> None:
    owner = Walker(server, server.tokens[Role.ADMIN], email_of(Role.USER))
    records = make_records(owner, word="own", customer=1)
    caller = Walker(server, server.tokens[role], email_of(role), PASSWORD)
    for operation in operations(server):
        assert operation.name in MATRIX, f"{operation.name} has no row in the table of tests/api/test_roles.py"
        query = required_query(operation, records)
        response = caller.call(operation, records.path(operation), query=query, body=operation.body)
        is_refused = response.status_code == 403
        assert is_refused == (role not in MATRIX[operation.name].value), f"{operation.name}: {response.text}"


@pytest.mark.parametrize("role", Role)
def test_no_role_may_make_another_user_mightier_than_itself(server: Server, role: Role) -> None:
    body = {"email": "new@example.com", "password": PASSWORD, "role": "Admin"}
    response = server.post("/api/v3/users", role=role, json=body)
    assert response.status_code == (200 if role is Role.ADMIN else 403)


def test_the_table_has_no_row_for_what_is_not_there(server: Server) -> None:
    assert MATRIX.keys() == {operation.name for operation in operations(server)}
