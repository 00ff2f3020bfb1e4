"""Postgres, Redis, and what else a worker has one of."""

import contextlib

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import create_async_engine

from .passwords import Passwords
from .settings import Settings
from .tokens import AccessTokens, RefreshTokens


class Stores:
    def __init__(self, settings: Settings):
        self.settings = settings
        self.engine = create_async_engine(
            settings.database_url, isolation_level="AUTOCOMMIT", pool_size=settings.database_connections,
            max_overflow=0, pool_timeout=10, pool_reset_on_return=None)
        self.redis = Redis(connection_pool=BlockingConnectionPool.from_url(
            settings.redis_url, password=settings.redis_password, max_connections=32, timeout=5))
        self.access_tokens = AccessTokens(settings)
        self.refresh_tokens = RefreshTokens(settings)
        self.passwords = Passwords(settings)

    async def close(self) -> None:
        await self.engine.dispose()
        await self.redis.aclose()

    async def one(self, statement, **values):
        """The one row that a statement returns, or None."""
        async with self.engine.connect() as connection:
            return (await connection.execute(statement, values)).one_or_none()

    async def run(self, statement, **values) -> None:
        async with self.engine.connect() as connection:
            await connection.execute(statement, values)

    # Sessions that have ended, for as long as an access token of theirs may live.

    async def publish_end(self, session: str) -> None:
        with contextlib.suppress(RedisError):
            await self.redis.set(f"ended:{session}", "1", ex=self.access_tokens.lifetime)

    async def has_ended(self, session: str) -> bool:
        return await self.redis.exists(f"ended:{session}") != 0
