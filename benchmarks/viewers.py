"""CPU of one more viewer: our shared bytes against ordinary Dash callbacks that make figures per viewer. One run, one ratio.

`python -m benchmarks.viewers` needs nothing running: it answers requests inside this process, so that only the server's own
CPU counts. Each version of the city is new for both sides. The target of the ratio is at most 1/50.
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import ordinary_page
from core import clock, settings
from core.history import migrate
from tests import samples
from tests.servers import redis_server
from web.server import Web

VIEWERS, VERSIONS = 100, 6
URL = "/live/overview/desk/zh.json"


async def shared(web: Web, viewers: int) -> float:
    """CPU seconds of `VERSIONS` updates for `viewers`, each asking with its own session for what changed."""
    tokens = [await web.sessions.start(f"v{n}", "v", "leader") for n in range(viewers)]
    since, spent = "", 0.0
    for version in range(1, VERSIONS + 1):
        for name, snapshot in samples.snapshots(web.city, clock.now()).items():
            snapshot.version = version
            web.hub.snapshots[name] = snapshot
        web.app._known.clear()  # every viewer's session is looked up in Redis again, as it is every two seconds
        began = time.process_time()
        answers = await asyncio.gather(*(ask(web, token, since) for token in tokens))
        spent += time.process_time() - began
        assert {status for status, _, _ in answers} == {200}
        since = answers[0][1]
        assert len({body for _, _, body in answers}) == 1
    return spent


async def ask(web: Web, token: str, since: str) -> tuple[int, str, bytes]:
    """One GET through the whole application, without the cost of an HTTP client: status, seq, body."""
    status, seq, body = 0, "", b""

    async def send(message: Any) -> None:
        nonlocal status, seq, body
        if message["type"] == "http.response.start":
            status, seq = message["status"], dict(message["headers"]).get(b"etag", b"").decode().strip('"')
        else:
            body += message.get("body", b"")

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    path, headers = URL, ((b"host", b"city.test"), (b"cookie", f"city_session={token}".encode()), (b"accept-encoding", b"gzip"))
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
             "path": path, "raw_path": path.encode(), "query_string": f"since={since}".encode(), "root_path": "",
             "headers": list(headers), "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80)}
    await web.app(scope, receive, send)
    return status, seq, body


def ordinary(updates: int) -> float:
    """CPU seconds of `updates` updates of the same page by callbacks that read the snapshots and make figures."""
    city = samples.city()
    page = ordinary_page.Page(samples.snapshots(city, clock.now()))
    page.update()
    began = time.process_time()
    for _ in range(updates):
        page.update()
    return time.process_time() - began


async def _measure(folder: Path, redis_url: str) -> dict[str, float]:
    url = f"sqlite:///{folder / 'city.sqlite'}"
    migrate(url)
    read = settings.read({"CITY_CONFIG": str(samples.ROOT / "config/luan"), "CITY_DATA_DIR": str(folder),
                          "CITY_REDIS_URL": redis_url, "CITY_DATABASE_URL": url})
    web = Web(read, samples.city())
    await shared(web, 2)  # warm
    few, many = await shared(web, 1), await shared(web, VIEWERS + 1)
    await web.store.close()
    extra = (many - few) / (VIEWERS * VERSIONS) * 1000
    callbacks = ordinary(10) / 10 * 1000
    return {"extra_viewer_ms": round(extra, 3), "callbacks_ms": round(callbacks, 1), "ratio": round(callbacks / extra, 1),
            "first_viewer_ms": round(few / VERSIONS * 1000, 1)}


def main() -> int:
    """Print the figures as JSON; exit 1 when the target is missed."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder, redis_server() as server:
        found = asyncio.run(_measure(Path(folder), server.url))
    print(json.dumps(found))
    return 0 if found["ratio"] >= 50 else 1


if __name__ == "__main__":
    sys.exit(main())
