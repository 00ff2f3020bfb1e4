"""What routes answer with, and what they ask of a request."""

from typing import Annotated

import orjson
from fastapi import Depends, HTTPException, Request, Response

from .stores import Stores
from .tokens import InvalidToken

NO_STORE = {"Cache-Control": "no-store"}


class JSON(Response):
    """Made by orjson, without FastAPI's own encoder: routes hand over what is plain already."""

    media_type = "application/json"

    def render(self, content) -> bytes:
        return orjson.dumps(content)


def stores(request: Request) -> Stores:
    return request.app.state.stores


WithStores = Annotated[Stores, Depends(stores)]


async def authenticated(request: Request, stores: WithStores) -> dict:
    """The claims of the bearer token: a good one, of a session that has not ended."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise HTTPException(401, "Not signed in.", {"WWW-Authenticate": "Bearer"})
    try:
        claims = stores.access_tokens.verify(token)
    except InvalidToken:
        claims = None
    if not claims or "sid" not in claims or await stores.has_ended(claims["sid"]):
        raise HTTPException(401, "The token is not valid.", {"WWW-Authenticate": 'Bearer error="invalid_token"'})
    return claims


Authenticated = Annotated[dict, Depends(authenticated)]
