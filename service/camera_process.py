"""The cameras process: gives the worker a stream to write to and a place for pictures."""

from core import keys
from core.city import City
from core.observation import Message
from core.settings import Settings
from core.store import Store

PICTURE_TTL_S = 3600  # a picture is shown with its age; after an hour it is gone


def run(settings: Settings, city: City) -> None:
    """Run until SIGTERM."""
    from data_sources.cameras import worker

    store = Store(settings.redis_url)

    def append(message: Message) -> None:
        store.append("cameras", [message])

    def put_frame(camera: str, jpeg: bytes) -> None:
        store.redis.set(keys.frame(camera), jpeg, ex=PICTURE_TTL_S)

    worker.run(settings, city, append, put_frame)
