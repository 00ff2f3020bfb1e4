"""A limit per address: a fixed window, counted in Redis with one way there and back."""

import time

import orjson
from redis.exceptions import RedisError
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class AddressLimit:
    """Plain ASGI, which costs less than a middleware of Starlette's own kind. Lets all through while Redis is away."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        stores = scope["app"].state.stores
        limit, window = stores.settings.limit, stores.settings.limit_window
        now = int(time.time())
        key = f"limit:{scope['client'][0]}:{now // window}"
        try:
            async with stores.redis.pipeline(transaction=False) as pipe:
                count, _ = await pipe.incr(key).expire(key, window, nx=True).execute()
        except RedisError:
            count = 0
        left = str(max(0, limit - count)).encode()
        fields = [(b"ratelimit-limit", str(limit).encode()), (b"ratelimit-remaining", left)]
        if count > limit:
            return await _refuse(send, window - now % window, fields)

        async def send_with_fields(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"].extend(fields)
            await send(message)

        await self.app(scope, receive, send_with_fields)


async def _refuse(send: Send, seconds: int, fields: list[tuple[bytes, bytes]]) -> None:
    body = orjson.dumps({"detail": "Too many requests."})
    await send({"type": "http.response.start", "status": 429, "headers": [
        (b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()),
        (b"retry-after", str(seconds).encode()), *fields]})
    await send({"type": "http.response.body", "body": body})
