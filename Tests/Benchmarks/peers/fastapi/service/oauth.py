"""OAuth 2.0 for machines: client credentials, introspection (RFC 7662), keys."""

import base64
import hashlib
import hmac
import time
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from . import tables
from .answers import JSON, NO_STORE, WithStores
from .stores import Stores
from .tokens import InvalidToken

router = APIRouter()
# Clients change seldom: each worker remembers one for so many seconds.
REMEMBERED = 30
_clients: dict[str, tuple[float, object]] = {}


class OAuthError(Exception):
    def __init__(self, code: str, status: int = 400):
        self.code, self.status = code, status


async def answer_error(_: Request, error: OAuthError) -> Response:
    headers = {**NO_STORE, **({"WWW-Authenticate": "Basic"} if error.status == 401 else {})}
    return JSON({"error": error.code}, error.status, headers)


async def client(request: Request, stores: Stores):
    """Who asks, by HTTP Basic: the client's id and its row."""
    scheme, _, pair = request.headers.get("authorization", "").partition(" ")
    try:
        name, _, secret = base64.b64decode(pair, validate=True).decode().partition(":")
    except ValueError:
        name = ""
    if scheme.lower() != "basic" or not name:
        raise OAuthError("invalid_client", 401)
    until, row = _clients.get(name, (0.0, None))
    if until < time.monotonic():
        row = await stores.one(tables.client_by_id, client=name)
        if row:
            _clients[name] = time.monotonic() + REMEMBERED, row
    # Secrets are long and random: a plain hash is enough.
    if not row or not hmac.compare_digest(row.secret_hash, hashlib.sha256(secret.encode()).digest()):
        raise OAuthError("invalid_client", 401)
    return name, row


@router.post("/oauth2/token")
async def token(request: Request, stores: WithStores, grant_type: Annotated[str, Form()],
                scope: Annotated[str, Form()] = "") -> Response:
    name, row = await client(request, stores)
    if grant_type != "client_credentials":
        raise OAuthError("unsupported_grant_type")
    allowed = row.scope.split()
    if not set(scope.split()) <= set(allowed):
        raise OAuthError("invalid_scope")
    granted = scope or row.scope
    return JSON({"access_token": stores.access_tokens.issue(name, name, granted), "token_type": "Bearer",
                 "expires_in": stores.access_tokens.lifetime, "scope": granted}, headers=NO_STORE)


@router.post("/oauth2/introspect")
async def introspect(request: Request, stores: WithStores, token: Annotated[str, Form()]) -> Response:
    await client(request, stores)
    try:
        claims = stores.access_tokens.verify(token)
    except InvalidToken:
        return JSON({"active": False}, headers=NO_STORE)
    if "sid" in claims and await stores.has_ended(claims["sid"]):
        return JSON({"active": False}, headers=NO_STORE)
    return JSON({"active": True, "token_type": "Bearer", **claims}, headers=NO_STORE)


@router.get("/.well-known/jwks.json")
async def jwks(stores: WithStores) -> Response:
    return Response(stores.access_tokens.jwks, media_type="application/json",
                    headers={"Cache-Control": "public, max-age=300"})
