"""Whether a side does what it is compared for: figures of a server that leaves out a part of its job are worth nothing."""

import json
import secrets

from gateway.processes import Failure

from .. import asking
from ..side import Call, Side

_GOOD, _REFUSED = (200, 201, 204), (400, 401, 403)


def ask(side: Side, call: Call) -> tuple[int, dict]:
    """The status and what is in the answer, where it is JSON."""
    answer = asking.ask(side.port, call)
    return answer.status, json.loads(answer.body) if answer.body[:1] == b"{" else {}


class _Walk:
    def __init__(self, side: Side):
        self.side = side

    def ask(self, what: str, wanted: tuple[int, ...], **values: str) -> dict:
        status, answer = ask(self.side, self.side.call(what, **values))
        self.expect(status in wanted, f"{what} is answered with {status} instead of one of {wanted}: {answer}")
        return answer

    def good(self, what: str, **values: str) -> dict:
        return self.ask(what, _GOOD, **values)

    def refused(self, what: str, **values: str) -> None:
        self.ask(what, _REFUSED, **values)

    def expect(self, is_so: bool, what: str) -> None:
        if not is_so:
            raise Failure(f"{self.side.name} does not do its duty: {what}")


def check(side: Side) -> None:
    """Walks through all that a side offers, good requests and bad ones."""
    walk = _Walk(side)
    name, password = _somebody(walk)
    if side.offers("jwks"):
        walk.expect(bool(walk.good("jwks").get("keys")), "the key set is empty")
    walk.refused("login", user=name, password=f"{password}!")
    first = walk.good("login", user=name, password=password)
    for what in filter(side.offers, ("me", "userinfo")):
        walk.good(what, access=first["access_token"])
        walk.refused(what, access=_broken(first["access_token"]))
    second = walk.good("refresh", refresh=first["refresh_token"])
    walk.expect(second["refresh_token"] != first["refresh_token"], "a refresh does not rotate the token")
    if side.offers("introspect"):
        for token, is_active in ((second["access_token"], True), (_broken(second["access_token"]), False)):
            walk.expect(walk.good("introspect", token=token).get("active") is is_active,
                        "introspection does not tell a good token from a broken one")
    if side.offers("client_credentials"):
        walk.expect("access_token" in walk.good("client_credentials"), "client credentials bring no token")
    # A used token that comes back ends the session.
    walk.refused("refresh", refresh=first["refresh_token"])
    walk.refused("refresh", refresh=second["refresh_token"])
    if side.offers("revoke"):
        third = walk.good("login", user=name, password=password)
        walk.good("revoke", refresh=third["refresh_token"])
        walk.refused("refresh", refresh=third["refresh_token"])
        if side.offers("me"):
            walk.refused("me", access=third["access_token"])


def _somebody(walk: _Walk) -> tuple[str, str]:
    """Who can log in."""
    if not walk.side.offers("register"):
        user = walk.side.users(1)[0]
        return user.name, user.password
    name, password = f"w{secrets.token_hex(6)}", "correct horse 7 battery"
    walk.good("register", user=name, password=password)
    walk.ask("register", (400, 409, 422), user=name, password=password)
    return name, password


def _broken(token: str) -> str:
    """The same token with another signature."""
    head, _, signature = token.rpartition(".")
    return f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
