"""Whether a side does what it is compared for: figures of a server that leaves out a part of its job are worth nothing."""

import http.client
import json
import secrets

from gateway.processes import Failure

from ..side import Side


def check(side: Side) -> None:
    """Walks through all that a side offers, good requests and bad ones."""
    name, password = f"w{secrets.token_hex(6)}", "correct horse 7 battery"

    def ask(what, wanted, **values):
        call = side.call(what, **values)
        connection = http.client.HTTPConnection("127.0.0.1", side.port, timeout=10)
        try:
            connection.request(call.method, call.path, call.body, call.headers)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status not in wanted:
            raise Failure(f"{side.name} answers {what} with {answer.status} instead of {wanted}: {body[:300]!r}")
        return json.loads(body) if body[:1] == b"{" else {}

    def expect(is_so, what):
        if not is_so:
            raise Failure(f"{side.name}: {what}")

    good, refused = (200, 201, 204), (400, 401, 403)
    if side.offers("jwks"):
        expect(ask("jwks", good).get("keys"), "the key set is empty")
    if side.offers("register"):
        ask("register", good, user=name, password=password)
        ask("register", (400, 409, 422), user=name, password=password)
    else:
        user = side.users(1)[0]
        name, password = user.name, user.password
    ask("login", refused, user=name, password=f"{password}!")
    first = ask("login", good, user=name, password=password)
    for what in ("me", "userinfo"):
        if side.offers(what):
            ask(what, good, access=first["access_token"])
            ask(what, refused, access=_broken(first["access_token"]))
    second = ask("refresh", good, refresh=first["refresh_token"])
    expect(second["refresh_token"] != first["refresh_token"], "a refresh does not rotate the token")
    if side.offers("introspect"):
        expect(ask("introspect", good, token=second["access_token"])["active"], "a good token is not active")
        expect(not ask("introspect", good, token=_broken(second["access_token"]))["active"], "a broken token is active")
    if side.offers("client_credentials"):
        expect(ask("client_credentials", good).get("access_token"), "client credentials bring no token")
    # A used token that comes back ends the session.
    ask("refresh", refused, refresh=first["refresh_token"])
    ask("refresh", refused, refresh=second["refresh_token"])
    if side.offers("revoke"):
        third = ask("login", good, user=name, password=password)
        ask("revoke", good, refresh=third["refresh_token"])
        ask("refresh", refused, refresh=third["refresh_token"])
        if side.offers("me"):
            ask("me", refused, access=third["access_token"])


def _broken(token: str) -> str:
    """The same token with another signature."""
    head, _, signature = token.rpartition(".")
    return f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
