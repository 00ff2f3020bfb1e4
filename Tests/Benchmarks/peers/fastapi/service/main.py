"""The application, one in each worker: uvicorn service.main:app."""

import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI, Response
from starlette.middleware.cors import CORSMiddleware

from . import accounts, oauth
from .limits import AddressLimit
from .settings import from_environment
from .stores import Stores


@contextlib.asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    stores = app.state.stores = Stores(settings)
    # A worker that can't reach its stores takes no requests.
    async with stores.engine.connect():
        await stores.redis.ping()
    yield
    await stores.close()


settings = from_environment()
app = FastAPI(lifespan=lifespan, openapi_url=None)
app.include_router(accounts.router)
app.include_router(oauth.router)
app.add_exception_handler(oauth.OAuthError, oauth.answer_error)
app.add_middleware(AddressLimit)
app.add_middleware(
    CORSMiddleware, allow_origins=settings.cors_origins, allow_credentials=True, allow_methods=["GET", "POST"],
    allow_headers=["Authorization", "Content-Type"], max_age=600)


@app.get("/health")
async def health() -> Response:
    return Response(status_code=204)
