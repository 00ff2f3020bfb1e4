"""What the driver, the sides and the workloads know of each other."""

import dataclasses
from collections.abc import Callable


@dataclasses.dataclass
class Call:
    """One request as a side wants it."""

    method: str
    path: str
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    body: str | None = None


@dataclasses.dataclass(frozen=True)
class User:
    id: str
    name: str
    password: str


@dataclasses.dataclass(frozen=True)
class Session:
    user: str
    # None where a side has no access token before the first refresh.
    access: str | None
    refresh: str


# What a call can be for. Values that it may need: user, password, access, refresh, token.
WHATS = ("jwks", "echo", "register", "login", "me", "refresh", "client_credentials", "introspect", "revoke", "userinfo")


class Side:
    """A server with all it needs, Gatehouse or a peer. A context manager: it runs inside the `with`.

    Answers to login and refresh are JSON with access_token and refresh_token.
    """

    # Sides with the same name are the same side; the name is what tables and --peers say.
    name: str
    version: str
    # HTTP/1.1 in plain text on 127.0.0.1, and TLS where there is any.
    port: int
    tls_port: int | None = None
    # The processes by what they are ("gateway", "token", "postgres", "redis", "uvicorn", "glewlwyd"), each with its
    # workers and backends; asked anew for each sample. A process that is shared with another side belongs to none.
    groups: dict[str, Callable[[], list[int]]]
    # Where passwords are hashed by threads of their own: the group, and how their names begin.
    hash_threads: tuple[str, str] | None = None

    def __enter__(self) -> "Side":
        raise NotImplementedError

    def __exit__(self, *_: object) -> None:
        raise NotImplementedError

    def offers(self, what: str) -> bool:
        """Whether `call` knows this one of WHATS."""
        raise NotImplementedError

    def call(self, what: str, **values: str) -> Call:
        """The request for it. Where the values are placeholders such as %s, they stand in the call as they are."""
        raise NotImplementedError

    def users(self, count: int) -> list[User]:
        """So many users who can log in, there when it returns; the same ones when it is asked again for no more."""
        raise NotImplementedError

    def sessions(self, count: int) -> list[Session]:
        """So many new sessions that nobody has used yet, made without a password's hash each: 10⁶ in under a minute."""
        raise NotImplementedError
