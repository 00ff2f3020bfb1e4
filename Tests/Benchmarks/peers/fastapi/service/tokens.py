"""Access tokens: ES256, RFC 9068. Refresh tokens: a session, its generation and a code that authenticates both."""

import base64
import hashlib
import hmac
import time
import uuid

import jwt
import orjson
from cryptography.hazmat.primitives import serialization

from .settings import Settings


class InvalidToken(Exception):
    """Why is for nobody to know."""


class AccessTokens:
    def __init__(self, settings: Settings):
        self._issuer = settings.issuer
        self.lifetime = int(settings.access_lifetime.total_seconds())
        self._private = serialization.load_pem_private_key(settings.signing_key, password=None)
        self._public = self._private.public_key()
        jwk = jwt.algorithms.ECAlgorithm.to_jwk(self._public, as_dict=True)
        thumbprint = orjson.dumps({name: jwk[name] for name in ("crv", "kty", "x", "y")})
        self._kid = _text(hashlib.sha256(thumbprint).digest())
        self.jwks = orjson.dumps({"keys": [{**jwk, "kid": self._kid, "use": "sig", "alg": "ES256"}]})
        self._headers = {"kid": self._kid, "typ": "at+jwt"}

    def issue(self, subject: str, client: str, scope: str, session: str | None = None,
              roles: list[str] | None = None) -> str:
        now = int(time.time())
        claims = {"iss": self._issuer, "aud": self._issuer, "sub": subject, "client_id": client, "scope": scope,
                  "iat": now, "exp": now + self.lifetime, "jti": uuid.uuid4().hex}
        if session:
            claims |= {"sid": session, "roles": roles}
        return jwt.encode(claims, self._private, algorithm="ES256", headers=self._headers)

    def verify(self, token: str) -> dict:
        try:
            decoded = jwt.decode_complete(
                token, self._public, algorithms=["ES256"], audience=self._issuer, issuer=self._issuer,
                options={"require": ["exp", "iat", "sub", "jti"]})
        except jwt.InvalidTokenError:
            raise InvalidToken from None
        if decoded["header"].get("typ") != "at+jwt":
            raise InvalidToken
        return decoded["payload"]


class RefreshTokens:
    """16 bytes of the session's id, 8 of the generation, 32 of HMAC-SHA256 over both."""

    def __init__(self, settings: Settings):
        self._key = settings.refresh_key

    def issue(self, session: uuid.UUID, generation: int) -> str:
        told = session.bytes + generation.to_bytes(8)
        return _text(told + hmac.digest(self._key, told, "sha256"))

    def read(self, token: str) -> tuple[uuid.UUID, int]:
        try:
            data = base64.b64decode(token + "=" * (-len(token) % 4), altchars="-_", validate=True)
        except ValueError:
            raise InvalidToken from None
        told, code = data[:24], data[24:]
        if not hmac.compare_digest(code, hmac.digest(self._key, told, "sha256")):
            raise InvalidToken
        return uuid.UUID(bytes=told[:16]), int.from_bytes(told[16:])


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
