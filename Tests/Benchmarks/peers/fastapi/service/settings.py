"""Settings, all from the environment."""

import dataclasses
import datetime
import os
import pathlib


@dataclasses.dataclass(frozen=True)
class Settings:
    # postgresql+asyncpg://ROLE@HOST:PORT/DATABASE; the password is in the file that PGPASSFILE names.
    database_url: str
    redis_url: str
    redis_password: str
    # An EC private key on P-256, PEM, and the key that refresh tokens are authenticated with.
    signing_key: bytes
    refresh_key: bytes
    issuer: str
    cors_origins: tuple[str, ...]
    # Of each worker.
    database_connections: int
    hash_threads: int
    # Logins that may wait for a thread; those beyond get 503.
    hash_queue: int
    # Requests that an address may send in a window of seconds.
    limit: int
    limit_window: int

    access_lifetime = datetime.timedelta(minutes=15)
    idle_lifetime = datetime.timedelta(days=14)
    session_lifetime = datetime.timedelta(days=90)


def from_environment() -> Settings:
    def secret(name: str) -> bytes:
        return pathlib.Path(os.environ[f"{name}_FILE"]).read_bytes()

    return Settings(
        database_url=os.environ["DATABASE_URL"],
        redis_url=os.environ["REDIS_URL"],
        redis_password=secret("REDIS_PASSWORD").decode().strip(),
        signing_key=secret("SIGNING_KEY"),
        refresh_key=secret("REFRESH_KEY"),
        issuer=os.environ["ISSUER"],
        cors_origins=tuple(os.environ["CORS_ORIGINS"].split(",")),
        database_connections=int(os.environ.get("DATABASE_CONNECTIONS", "8")),
        hash_threads=int(os.environ.get("HASH_THREADS", "1")),
        hash_queue=int(os.environ.get("HASH_QUEUE", "64")),
        limit=int(os.environ["RATE_LIMIT"]),
        limit_window=int(os.environ.get("RATE_LIMIT_WINDOW", "60")),
    )
