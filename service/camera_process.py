"""The cameras process: gives the worker a stream to write to and a place for pictures."""

import asyncio
import contextlib

import redis
import structlog

from core import keys
from core.city import City
from core.observation import Message
from core.settings import Settings
from core.store import AsyncStore
from data_sources.cameras import worker

log = structlog.get_logger("cameras")
PICTURE_TTL_S = 3600  # a picture is shown with its age; after an hour it is gone


def run(settings: Settings, city: City) -> None:
    """Run until SIGTERM."""
    asyncio.run(_run(settings, city))


async def _run(settings: Settings, city: City) -> None:
    store = AsyncStore(settings.redis_url)

    async def append(message: Message) -> None:
        """Waits while Redis is away: an event must not be lost, and the children can wait."""
        down = False
        while True:
            try:
                await store.append("cameras", [message])
                break
            except (redis.RedisError, OSError) as error:
                if not down:
                    log.error("stream not writable, cameras wait", error=str(error))
                down = True
                await asyncio.sleep(0.5)
        if down:
            log.info("stream writable again")

    async def put_frame(camera: str, jpeg: bytes) -> None:
        """A picture that cannot be put is superseded by the next one."""
        with contextlib.suppress(redis.RedisError, OSError):
            await store.redis.set(keys.frame(camera), jpeg, ex=PICTURE_TTL_S)

    try:
        await worker.run(settings, city, append, put_frame)
    finally:
        await store.close()
