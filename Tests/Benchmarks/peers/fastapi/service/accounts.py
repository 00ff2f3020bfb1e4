"""Users and their sessions: register, log in, refresh, revoke, me."""

import unicodedata
import uuid
from typing import Annotated

from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, StringConstraints

from . import tables
from .answers import JSON, NO_STORE, Authenticated, WithStores
from .passwords import Busy
from .stores import Stores
from .tokens import InvalidToken

router = APIRouter(prefix="/auth")
SCOPE = "profile"


class Registration(BaseModel):
    username: Annotated[str, StringConstraints(min_length=3, max_length=64, pattern=r"^\S+$")]
    email: Annotated[str, StringConstraints(max_length=254)] | None = None
    password: Annotated[str, StringConstraints(min_length=8, max_length=256)]


class Login(BaseModel):
    username: Annotated[str, StringConstraints(max_length=254)]
    password: Annotated[str, StringConstraints(max_length=256)]


class Presented(BaseModel):
    refresh_token: Annotated[str, StringConstraints(max_length=256)]


def key(name: str) -> str:
    """A name as it is compared."""
    return unicodedata.normalize("NFKC", name).casefold()


def busy() -> HTTPException:
    return HTTPException(503, "Too many sign in at once.", {"Retry-After": "1"})


@router.post("/register", status_code=201)
async def register(body: Registration, stores: WithStores) -> Response:
    try:
        stored = await stores.passwords.hash(body.password)
    except Busy:
        raise busy() from None
    user = uuid.uuid4()
    row = await stores.one(
        tables.add_user, id=user, username=body.username, username_key=key(body.username), email=body.email,
        password_hash=stored)
    if row is None:
        raise HTTPException(409, "The name is taken.")
    return JSON(
        {"id": user, "username": body.username, "email": body.email, "roles": row.roles, "created_at": row.created_at},
        201)


@router.post("/login")
async def login(body: Login, stores: WithStores) -> Response:
    row = await stores.one(tables.user_by_name, name=key(body.username))
    try:
        is_right = await stores.passwords.verify(row and row.password_hash, body.password)
    except Busy:
        raise busy() from None
    if row is None or not is_right or row.disabled_at is not None:
        raise HTTPException(401, "The name or the password is wrong.")
    if stores.passwords.needs_rehash(row.password_hash):
        await stores.run(tables.update_hash, user=row.id, hash=await stores.passwords.hash(body.password))
    session, settings = uuid.uuid4(), stores.settings
    await stores.run(
        tables.open_session, session=session, user=row.id, scope=SCOPE, idle=settings.idle_lifetime,
        lifetime=settings.session_lifetime)
    return issued(stores, session, 0, row.id, SCOPE, row.roles)


@router.post("/refresh")
async def refresh(body: Presented, stores: WithStores) -> Response:
    """The token is good once. One that comes a second time ends its session."""
    session, generation = presented(stores, body)
    row = await stores.one(
        tables.rotate, session=session, presented=generation, idle=stores.settings.idle_lifetime)
    if row is None:
        if await stores.one(tables.end_reused, session=session, presented=generation):
            await stores.publish_end(str(session))
        raise HTTPException(401, "The refresh token is not valid.")
    return issued(stores, session, generation + 1, row.user_id, row.scope, row.roles)


@router.post("/revoke", status_code=204)
async def revoke(body: Presented, stores: WithStores) -> Response:
    session, _ = presented(stores, body)
    if await stores.one(tables.end_session, session=session):
        await stores.publish_end(str(session))
    return Response(status_code=204)


@router.get("/me")
async def me(claims: Authenticated, stores: WithStores) -> Response:
    row = await stores.one(tables.user_by_id, user=uuid.UUID(claims["sub"]))
    if row is None:
        raise HTTPException(401, "The user is not there any more.")
    return JSON({"id": str(row.id), "username": row.username, "email": row.email, "roles": row.roles,
                 "created_at": row.created_at}, headers=NO_STORE)


def presented(stores: Stores, body: Presented) -> tuple[uuid.UUID, int]:
    try:
        return stores.refresh_tokens.read(body.refresh_token)
    except InvalidToken:
        raise HTTPException(401, "The refresh token is not valid.") from None


def issued(stores: Stores, session: uuid.UUID, generation: int, user: uuid.UUID, scope: str,
           roles: list[str]) -> Response:
    return JSON({
        "access_token": stores.access_tokens.issue(str(user), "web", scope, str(session), roles),
        "refresh_token": stores.refresh_tokens.issue(session, generation),
        "token_type": "Bearer", "expires_in": stores.access_tokens.lifetime, "scope": scope}, headers=NO_STORE)
