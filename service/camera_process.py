"""The cameras process: gives the worker a stream to write to and a place for pictures."""

import threading

import redis
import structlog

from core import clock, keys
from core.city import City
from core.observation import Message
from core.settings import Settings
from core.store import Store

log = structlog.get_logger("cameras")
BEAT_EVERY_S = 5.0
PICTURE_TTL_S = 3600  # a picture is shown with its age; after an hour it is gone


def run(settings: Settings, city: City) -> None:
    """Run until SIGTERM."""
    from data_sources.cameras import worker

    store = Store(settings.redis_url)

    def append(message: Message) -> None:
        store.append("cameras", [message])

    def put_frame(camera: str, jpeg: bytes) -> None:
        store.redis.set(keys.frame(camera), jpeg, ex=PICTURE_TTL_S)

    threading.Thread(target=_beat, args=(store,), daemon=True, name="beat").start()
    worker.run(settings, city, append, put_frame)


def _beat(store: Store) -> None:
    """Say that the process lives, for as long as it does."""
    pause = threading.Event()
    while True:
        try:
            store.beat("cameras", {"at": clock.now().isoformat()})
        except (redis.RedisError, OSError) as error:
            log.warning("no heartbeat", error=str(error))
        pause.wait(BEAT_EVERY_S)
