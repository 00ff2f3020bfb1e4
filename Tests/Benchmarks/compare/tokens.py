"""Gatehouse's refresh tokens, computed from the master key as Shared/Tokens does it: for sessions made by SQL."""

import base64
import hashlib
import hmac

_VERSION = 1


def decode(text: str) -> bytes:
    """Base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def derive(master_key: bytes, purpose: str, version: int = _VERSION) -> bytes:
    """HKDF-SHA256 without a salt, 32 bytes (RFC 5869)."""
    extracted = hmac.digest(bytes(32), master_key, hashlib.sha256)
    return hmac.digest(extracted, f"gatehouse/{purpose}/{version}".encode() + b"\x01", hashlib.sha256)


class RefreshTokens:
    """Writes tokens of one tenant."""

    def __init__(self, master_key: bytes, tenant: bytes):
        self.key = derive(master_key, "refresh-token")
        self.prefix = bytes([_VERSION]) + tenant

    def write(self, session: bytes, generation: int = 0) -> str:
        body = self.prefix + session + generation.to_bytes(8, "big")
        code = hmac.digest(self.key, body, "sha256")[:16]
        # 57 bytes: no padding.
        return "ghr_" + base64.urlsafe_b64encode(body + code).decode()
