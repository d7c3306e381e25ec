"""Logging in and out (alertsite-v3.md, 1.3, 2 and 9)."""

import re

from tests.api.harness import PASSWORD, Server, email_of

from mailtrip.model import Role

ADMIN = email_of(Role.ADMIN)


def test_a_login_answers_200_with_a_token_of_32_hex_characters(server: Server) -> None:
    response = server.post("/api/v3/access-tokens", role=None, json={"username": ADMIN, "password": PASSWORD})
    assert response.status_code == 200
    assert re.fullmatch("[0-9a-f]{32}", response.json()["access_token"])
