"""Start the web process: one worker in this process, or several under uvicorn's own supervisor."""

from typing import Any

import uvicorn

from core import city as cities
from core import settings as setting
from core.city import City
from core.settings import Settings
from data_sources import registry
from web.server import make


def run(settings: Settings, city: City) -> None:
    """Serve until stopped."""
    options = _options(settings)
    if settings.workers > 1:
        uvicorn.run("web.run:application", factory=True, workers=settings.workers, **options)
        return
    uvicorn.run(make(settings, city), **options)


def application() -> Any:
    """What each of several workers makes for itself; settings come from the environment again."""
    settings = setting.read()
    return make(settings, cities.load(settings.config_dir, registry.domains()))


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "host": settings.host, "port": settings.port, "access_log": False, "server_header": False, "date_header": True,
        "log_level": settings.log_level, "log_config": None, "ws_per_message_deflate": False, "ws_max_size": 65_536,
        "ws_ping_interval": 20.0, "ws_ping_timeout": 20.0, "timeout_keep_alive": 75, "timeout_graceful_shutdown": 3,
        "proxy_headers": bool(settings.trusted_proxies), "forwarded_allow_ips": settings.trusted_proxies or "127.0.0.1",
    }
