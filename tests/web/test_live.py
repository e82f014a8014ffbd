"""The live link: drawn once for everybody, what changed and nothing else, one broken view alone, healing after every loss."""

import asyncio
import gzip
import json
import time

import httpx
import pytest

from core.store import Store
from tests.servers import RedisServer
from tests.web import page
from tests.web.conftest import publish, signed_in
from tests.web.live_server import serve
from web import live
from web.hub import Hub
from web.server import Web

URL = "/live/overview/desk/zh.json"


async def test_an_extra_viewer_costs_no_render(web: Web) -> None:
    await publish(web, "air", "parking")
    viewers = [await signed_in(web, "leader", f"v{n}") for n in range(12)]
    first = await asyncio.gather(*(viewer.get(URL) for viewer in viewers))
    assert {answer.status_code for answer in first} == {200}
    assert len({answer.content for answer in first}) == 1
    assert page.calls == {"air": 1, "parking": 1}
    renders = web.bundles.renders
    await asyncio.gather(*(viewer.get(URL) for viewer in viewers))
    assert web.bundles.renders == renders
    for viewer in viewers:
        await viewer.aclose()


async def test_only_what_changed_is_drawn_and_sent(web: Web, admin: httpx.AsyncClient) -> None:
    await publish(web, "air", "parking")
    whole = (await admin.get(URL)).json()
    assert whole["full"] and set(whole["panels"]) >= {"probe.air", "probe.parking", "shell.weather"}
    assert whole["layers"]["probe.points"]["data"] == {"n": [whole["versions"]["air"]]}
    page.calls.clear()
    await publish(web, "air")
    delta = (await admin.get(URL, params={"since": whole["seq"]})).json()
    assert not delta["full"] and delta["seq"] != whole["seq"]
    assert "probe.air" in delta["panels"] and "probe.parking" not in delta["panels"]
    assert set(delta["layers"]) == {"probe.points"}
    assert page.calls == {"air": 1}
    merged = {**whole["panels"], **delta["panels"]}
    again = (await admin.get(URL)).json()
    assert again["full"] and again["panels"] == merged and again["meta"] == delta["meta"]


async def test_an_unknown_since_gives_everything(web: Web, admin: httpx.AsyncClient) -> None:
    await publish(web, "air", "parking")
    answer = (await admin.get(URL, params={"since": "0123456789abcdef"})).json()
    assert answer["full"] and "probe.air" in answer["panels"]


async def test_nothing_new_is_a_304_without_a_body(web: Web, admin: httpx.AsyncClient) -> None:
    await publish(web, "air", "parking")
    whole = await admin.get(URL)
    seq = whole.json()["seq"]
    for asked in ({"params": {"since": seq}}, {"headers": {"if-none-match": whole.headers["etag"]}}):
        answer = await admin.get(URL, **asked)
        assert answer.status_code == 304 and answer.content == b""
        assert int(answer.headers["x-city-time"]) > 1_700_000_000_000 and answer.headers["x-city-release"]


async def test_bytes_are_compressed_once(web: Web, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    await publish(web, "air", "parking")
    packed = []
    real = gzip.compress
    monkeypatch.setattr("web.bundle.gzip.compress", lambda *a, **k: packed.append(1) or real(*a, **k))
    bodies = {(await admin.get(URL)).content for _ in range(5)}
    assert len(packed) == 1 and len(bodies) == 1
    plain = await admin.get(URL, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers and json.loads(plain.content)["page"] == "overview"


async def test_a_view_that_raises_fails_alone(web: Web, admin: httpx.AsyncClient) -> None:
    await publish(web, "air", "parking")
    sound = (await admin.get(URL)).json()
    page.broken.add("air")
    await publish(web, "air")
    hurt = (await admin.get(URL)).json()
    failed = hurt["panels"]["probe.air"]
    assert failed["face"] == "failed" and len(failed["error_id"]) == 8
    assert failed["error_id"] in failed["html"]
    assert hurt["panels"]["probe.parking"] == sound["panels"]["probe.parking"]
    await publish(web, "air")
    assert (await admin.get(URL)).json()["panels"]["probe.air"]["error_id"] == failed["error_id"]
    page.broken.clear()
    await publish(web, "air")
    assert (await admin.get(URL)).json()["panels"]["probe.air"]["face"] == "live"


async def test_missing_is_loading_at_first_and_unavailable_later(web: Web, admin: httpx.AsyncClient) -> None:
    body = (await admin.get(URL)).json()
    assert {p["face"] for p in body["panels"].values()} == {"loading"}
    assert body["meta"]["probe.air"] == {"observed_at": None, "cadence_s": 3.0, "state": "missing", "sources": [], "simulated": False}
    assert body["layers"]["probe.points"]["data"] is None
    web.hub.started = time.monotonic() - 60
    later = (await admin.get(URL)).json()
    assert later["panels"]["probe.air"]["face"] == "unavailable"
    assert page.calls == {}


async def test_the_frame_is_as_old_as_its_oldest_source(web: Web, admin: httpx.AsyncClient) -> None:
    await publish(web, "air", "parking")
    body = (await admin.get(URL)).json()
    sources = web.hub.snapshots["parking"].sources.values()
    worst = min(s.newest_observed_at.timestamp() + 4 * s.cadence_s for s in sources if s.required)
    meta = body["meta"]["probe.parking"]
    assert meta["observed_at"] / 1000 + 4 * meta["cadence_s"] == pytest.approx(worst, abs=0.01)


async def test_a_broken_snapshot_keeps_the_last_good_one(web: Web, admin: httpx.AsyncClient) -> None:
    from core import keys

    await publish(web, "air")
    good = web.hub.snapshots["air"].version
    await web.store.redis.set(keys.snapshot("air"), b"garbage")
    await web.hub.load("air", good + 1)
    assert web.hub.snapshots["air"].version == good
    assert (await admin.get("/live/air/desk/zh.json")).status_code == 200


async def test_unknown_bundles_are_not_found(admin: httpx.AsyncClient) -> None:
    for path in ("/live/air/tv/zh.json", "/live/air/desk/fr.json", "/live/air/desk/zh", "/live/overview/../x/zh.json"):
        answer = await admin.get(path)
        assert answer.status_code == 404 and answer.json()["error"]["code"] == "not_found", path


async def test_ticks_carry_versions_and_beat(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    from websockets.asyncio.client import connect

    monkeypatch.setattr(live, "HEARTBEAT_S", 0.2)
    token = await web.sessions.start("li", "Li", "leader")
    async with serve(web) as base:
        headers = {"Cookie": f"city_session={token}"}
        async with connect(base.replace("http", "ws") + "/live/ticks", origin=base, additional_headers=headers, proxy=None) as socket:
            assert "versions" in json.loads(await socket.recv())
            await publish(web, "air")
            seen = [json.loads(await asyncio.wait_for(socket.recv(), 5)) for _ in range(4)]
            assert any(m.get("domain") == "air" and m["version"] == web.hub.snapshots["air"].version for m in seen)
            assert any("hello" in m and m["versions"]["air"] for m in seen)
            assert len(web.ticks.viewers) == 1


async def test_a_session_that_ends_closes_its_socket(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    from websockets.asyncio.client import connect
    from websockets.exceptions import ConnectionClosed

    monkeypatch.setattr(live, "HEARTBEAT_S", 0.1)
    monkeypatch.setattr(live, "CHECK_EVERY_S", 0.1)
    token = await web.sessions.start("li", "Li", "leader")
    async with serve(web) as base:
        headers = {"Cookie": f"city_session={token}"}
        async with connect(base.replace("http", "ws") + "/live/ticks", origin=base, additional_headers=headers, proxy=None) as socket:
            await web.sessions.end(token)
            web.app.forget(token)
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    await asyncio.wait_for(socket.recv(), 10)
            assert closed.value.rcvd is not None and closed.value.rcvd.code == 4401


def test_a_slow_viewer_gets_the_newest_version_not_a_queue() -> None:
    viewer = live.Viewer(barred=("transit",))
    for version in range(1000):
        viewer.tell("air", version)
        viewer.tell("transit", version)
    assert viewer.pending == {"air": 999}


async def test_the_hub_comes_back_after_redis_was_killed(web: Web, redis_process: RedisServer) -> None:
    hub: Hub = web.hub
    async with asyncio.timeout(20):
        while not hub.connected:
            await asyncio.sleep(0.05)
    redis_process.kill()
    async with asyncio.timeout(20):
        while hub.connected:
            await asyncio.sleep(0.05)
    redis_process.start()
    store = Store(redis_process.url)
    from core import clock
    from tests import samples

    snapshot = samples.snapshots(web.city, clock.now())["air"]
    lease = store.acquire("air", "later")
    assert lease is not None
    snapshot.version = store.version("air") + 1
    store.publish(lease, snapshot)
    store.release(lease)
    store.close()
    async with asyncio.timeout(20):
        while "air" not in hub.snapshots or hub.snapshots["air"].version != snapshot.version:
            await asyncio.sleep(0.05)
