"""Argon2id in threads of its own: argon2-cffi lets go of the interpreter's lock while it hashes."""

import asyncio
import concurrent.futures
from collections.abc import Callable

import argon2
from argon2.exceptions import VerificationError, InvalidHashError

from .settings import Settings


class Busy(Exception):
    """Too many wait already."""


class Passwords:
    def __init__(self, settings: Settings):
        # OWASP's first choice of those with 19 MiB.
        self._hasher = argon2.PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1, hash_len=32, salt_len=16)
        self._threads = concurrent.futures.ThreadPoolExecutor(settings.hash_threads, thread_name_prefix="argon2")
        self._limit = settings.hash_threads + settings.hash_queue
        self._open = 0
        # Verified for a user who does not exist, so that it takes as long.
        self._nobody = self._hasher.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        return await self._run(self._hasher.hash, password)

    async def verify(self, stored: str | None, password: str) -> bool:
        return await self._run(self._verify, stored or self._nobody, password) and stored is not None

    def needs_rehash(self, stored: str) -> bool:
        return self._hasher.check_needs_rehash(stored)

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable, *arguments: str):
        if self._open >= self._limit:
            raise Busy
        self._open += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        finally:
            self._open -= 1
