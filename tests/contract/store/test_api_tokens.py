"""API tokens, on every database."""

from datetime import timedelta
from functools import partial

import pytest
from tests.contract.store.builders import ADMIN, NOW, STRANGER

from mailtrip.errors import NotFound, TokenRejected
from mailtrip.model import Access, Actor, MonitorAccess, Role, Scope, UserSettings
from mailtrip.service import api_tokens, tokens, users
from mailtrip.store import Database
from mailtrip.store import users as user_rows

HASH = users.hash_password("correct horse")


def test_a_token_is_made_found_listed_and_revoked(database: Database) -> None:
    scopes = [Scope.RUNS_TEST, Scope.MONITORS_READ, Scope.RUNS_TEST]
    create = partial(api_tokens.create, actor=ADMIN, name="Script", role=Role.USER, scopes=scopes, now=NOW)
    token_id, text = database.write(create)
    expected = Actor(
        account_id=1,
        role=Role.USER,
        token_id=token_id,
        token_name="Script",
        scopes=frozenset(scopes),
    )
    assert token_id == 100001
    assert database.read(partial(tokens.identify, token=text, now=NOW)) == expected
    [token] = database.read(partial(api_tokens.list_all, actor=ADMIN))
    assert (token.scopes, token.made_by, token.last_used_at) == ((Scope.MONITORS_READ, Scope.RUNS_TEST), None, None)
    with pytest.raises(NotFound):
        database.write(partial(api_tokens.revoke, actor=STRANGER, token_id=token_id, now=NOW))
    database.write(partial(api_tokens.revoke, actor=ADMIN, token_id=token_id, now=NOW))
    with pytest.raises(TokenRejected, match="unknown"):
        database.read(partial(tokens.identify, token=text, now=NOW))


def test_a_token_has_its_makers_access_and_ends_with_the_maker(database: Database) -> None:
    access = MonitorAccess(default=Access.VIEW)
    user = database.write(
        partial(
            users.create,
            actor=ADMIN,
            changes={"email": "a@probe.test", "role": Role.POWER_USER, "access": access},
            password=HASH,
            now=NOW,
        )
    )
    assert user.settings == UserSettings(email="a@probe.test", role=Role.POWER_USER, access=access)
    _, text = database.write(partial(api_tokens.create, actor=Actor.of(user), name="Script", now=NOW))
    found = database.read(partial(tokens.identify, token=text, now=NOW))
    assert (found.role, found.access, found.user_id, found.email) == (Role.POWER_USER, access, user.id, "a@probe.test")
    database.write(lambda connection: user_rows.remove(connection, user.id))
    assert database.read(partial(api_tokens.list_all, actor=ADMIN)) == []


def test_the_newest_use_is_kept_and_that_of_a_token_that_is_gone_does_no_harm(database: Database) -> None:
    ids = [database.write(partial(api_tokens.create, actor=ADMIN, name=name, now=NOW))[0] for name in "ab"]
    later = NOW + timedelta(minutes=1)
    database.write(partial(api_tokens.store_uses, uses={ids[0]: later, 7: NOW}))
    database.write(partial(api_tokens.store_uses, uses={ids[0]: NOW, ids[1]: NOW}))
    database.write(partial(api_tokens.store_uses, uses={}))
    found = database.read(partial(api_tokens.list_all, actor=ADMIN))
    assert [token.last_used_at for token in found] == [later, NOW]
