"""`app.py run`: check first, then supervise; print one sign-in link when the pages answer."""

import asyncio
import fcntl
import socket
from pathlib import Path
from typing import IO

import httpx

from core import city as cities
from core import settings as setting
from core.errors import BadConfiguration
from core.settings import Settings
from data_sources import registry
from service.supervisor import Supervisor, say


def run(environ: dict[str, str], demo: bool) -> int:
    """Validate everything that can be validated before the first process starts, then run until stopped."""
    settings = setting.read(environ)
    cities.load(settings.config_dir, registry.domains())
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = _lock(settings.data_dir / "supervisor.lock")
    _ports_free(settings)
    supervisor = Supervisor(settings, environ, demo)
    say("city", f"data in {settings.data_dir}" + ("; the demo city plays all sources" if demo else ""))
    try:
        asyncio.run(supervisor.run(lambda: _welcome(settings)))
    finally:
        lock.close()
    return 0


def _lock(path: Path) -> IO[str]:
    """One supervisor per data folder: two would fight over Redis and the database."""
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BadConfiguration(f"another city is running on {path.parent}; stop it, or choose another --data-dir") from None
    return file


def _ports_free(settings: Settings) -> None:
    """All ports that cannot be had, at once, in words."""
    wanted = {
        "web (--port, CITY_PORT)": (settings.host, settings.port),
        "JT/T 808 (CITY_JT808_PORT)": (settings.listen_host, settings.jt808_port),
        "HJ 212 (CITY_HJ212_PORT)": (settings.listen_host, settings.hj212_port),
        "ingest (CITY_INGEST_PORT)": (settings.listen_host, settings.ingest_port),
    }
    errors = []
    for name, address in wanted.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
            except OSError as error:
                errors.append(f"port {address[1]} for {name}: {error.strerror}")
    if errors:
        raise BadConfiguration("; ".join(errors), errors=errors)


async def _welcome(settings: Settings) -> None:
    """Wait for the web, then print the link."""
    from core import auth

    base = f"http://{'127.0.0.1' if settings.host in ('0.0.0.0', '::') else settings.host}:{settings.port}"
    async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
        while True:
            try:
                if (await client.get(f"{base}/healthz")).status_code == 200:
                    break
            except httpx.HTTPError:
                pass  # not listening yet; the supervisor shows its log
            await asyncio.sleep(0.2)
    link = await asyncio.to_thread(auth.issue_one_time_link, settings, base)
    say("city", "")
    say("city", f"ready. Open this link once to sign in as administrator (valid 15 min):  {link}")
    say("city", "")
