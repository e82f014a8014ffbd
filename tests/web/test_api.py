"""The API: one shape for every error, snapshots now and then, history, pictures, forwarding."""

import hashlib
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from core import clock, keys, store
from data_sources.contract import Point
from tests.web.conftest import HOST, publish
from web.server import Web


def shape(answer: httpx.Response) -> str:
    """The error's code, if the body has the agreed shape."""
    body = answer.json()
    assert set(body) == {"error"} and set(body["error"]) == {"code", "message", "details"}
    assert isinstance(body["error"]["message"], str) and isinstance(body["error"]["details"], dict)
    return str(body["error"]["code"])


@pytest.mark.parametrize(("path", "status", "code"), [
    ("/api/v1/snapshots/nowhere", 404, "not_found"),
    ("/api/v1/history", 422, "invalid_request"),
    ("/api/v1/history?measure=air.aqi&step=x", 422, "invalid_request"),
    ("/api/v1/history?measure=no.such", 404, "not_found"),
    ("/api/v1/history?measure=air.aqi&from=2026-01-01T00:00:00", 400, "invalid_request"),
    ("/api/v1/history?measure=air.aqi&to=0001-01-01T00:00:00Z", 400, "invalid_request"),
    ("/api/v1/snapshots/air?at=yesterday", 422, "invalid_request"),
    ("/api/v1/snapshots/air", 404, "not_found"),
    ("/cameras/none/latest.jpg", 404, "not_found"),
    ("/evidence/none", 404, "not_found"),
    ("/map/accounts.toml", 404, "not_found"),
    ("/api/v2/domains", 404, "not_found"),
])
async def test_errors_have_one_shape(admin: httpx.AsyncClient, path: str, status: int, code: str) -> None:
    answer = await admin.get(path)
    assert (answer.status_code, shape(answer)) == (status, code)


async def test_snapshots_now_and_as_known_then(web: Web, admin: httpx.AsyncClient) -> None:
    await publish(web, "air")
    now = await admin.get("/api/v1/snapshots/air")
    assert now.status_code == 200 and now.json()["version"] == web.hub.snapshots["air"].version
    assert (await admin.get("/api/v1/snapshots/air", headers={"if-none-match": now.headers["etag"]})).status_code == 304
    old, at = web.hub.snapshots["air"], clock.now() - timedelta(hours=1)
    web.history.keep("air", at, 7, store.pack({**__import__("msgspec").to_builtins(old), "version": 7}))
    then = await admin.get("/api/v1/snapshots/air", params={"at": (at + timedelta(minutes=1)).isoformat()})
    assert then.json()["version"] == 7
    before = await admin.get("/api/v1/snapshots/air", params={"at": (at - timedelta(days=900)).isoformat()})
    assert before.status_code == 404


async def test_history_in_steps(web: Web, admin: httpx.AsyncClient) -> None:
    start = clock.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    web.history.write_points([
        Point(measure="air.aqi", entity="t", at=start + timedelta(minutes=n), value=float(n)) for n in range(60)
    ])
    answer = await admin.get("/api/v1/history", params={"measure": "air.aqi", "entity": "t", "from": start.isoformat(), "step": 1800})
    body = answer.json()
    assert body["columns"] == ["at", "mean", "min", "max"]
    assert [row[1:] for row in body["points"]] == [[14.5, 0.0, 29.0], [44.5, 30.0, 59.0]]


async def test_domains_measures_and_the_description(web: Web, admin: httpx.AsyncClient) -> None:
    await publish(web, "air")
    rows = {row["name"]: row for row in (await admin.get("/api/v1/domains")).json()["domains"]}
    assert rows["air"]["version"] == 1 and rows["parking"]["version"] is None
    keys_ = {row["key"] for row in (await admin.get("/api/v1/measures")).json()["measures"]}
    assert "air.aqi" in keys_
    paths = (await admin.get("/api/v1/openapi.json")).json()["paths"]
    assert {"/api/v1/domains", "/api/v1/history", "/api/v1/ingest/{source}", "/healthz", "/metrics"} <= set(paths)


async def test_ready_says_what_is_missing(web: Web, anonymous: httpx.AsyncClient) -> None:
    await publish(web, "air", "parking", "transit")
    answer = await anonymous.get("/readyz")
    assert answer.status_code == 503
    assert [name for name, fine in answer.json()["checks"].items() if not fine] == ["snapshot.cameras"]
    await publish(web, "cameras")
    assert (await anonymous.get("/readyz")).status_code == 200


async def test_metrics_count(web: Web, admin: httpx.AsyncClient) -> None:
    await publish(web, "air")
    await admin.get("/live/air/desk/zh.json")
    text = (await admin.get("/metrics")).text
    assert 'city_snapshot_version{domain="air"} 1.0' in text
    assert f"city_renders_total {float(web.bundles.renders)}" in text
    assert "city_live_viewers 0.0" in text


async def test_pictures(web: Web, admin: httpx.AsyncClient) -> None:
    await web.store.redis.set(keys.frame("cam-1"), b"\xff\xd8picture")
    answer = await admin.get("/cameras/cam-1/latest.jpg")
    assert answer.content == b"\xff\xd8picture" and answer.headers["content-type"] == "image/jpeg"
    again = await admin.get("/cameras/cam-1/latest.jpg", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    folder: Path = web.settings.data_dir / "evidence"
    folder.mkdir(parents=True)
    (folder / "e-1.jpg").write_bytes(b"jpeg")
    (web.settings.data_dir / "secret.jpg").write_bytes(b"no")
    assert (await admin.get("/evidence/e-1")).content == b"jpeg"
    for name in ("..%2fsecret", "%2e%2e%2fsecret", ".hidden"):
        assert (await admin.get(f"/evidence/{name}")).status_code == 404


async def test_map_files_are_those_of_the_list(admin: httpx.AsyncClient) -> None:
    answer = await admin.get("/map/districts.geojson")
    assert answer.status_code == 200 and len(answer.json()["features"]) == 7
    assert answer.headers["content-encoding"] == "gzip"


async def test_ingest_is_handed_on_byte_for_byte(web: Web, anonymous: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[httpx.Request] = []

    def gateway(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(207, json={"accepted": 1, "rows": []})

    monkeypatch.setattr(web.client, "_transport", httpx.MockTransport(gateway))
    body = b'{"a": "\xe5\x85\xad"}\n'
    headers = {"x-city-signature": "ab", "x-city-nonce": "n", "x-city-timestamp": "1", "content-type": "application/json", "cookie": "x=1"}
    answer = await anonymous.post("/api/v1/ingest/parking", content=body, headers=headers)
    assert answer.status_code == 207 and answer.json() == {"accepted": 1, "rows": []}
    sent = seen[0]
    assert hashlib.sha256(sent.content).digest() == hashlib.sha256(body).digest()
    assert sent.headers["x-city-signature"] == "ab" and "cookie" not in sent.headers
    assert str(sent.url) == "http://127.0.0.1:9/api/v1/ingest/parking"


async def test_a_gateway_that_is_down_is_said(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.post("/api/v1/ingest/parking", content=b"{}", headers={"x-city-signature": "ab"})
    assert answer.status_code == 503 and shape(answer) == "gateway_down" and answer.headers["retry-after"] == "5"
    unsigned = await anonymous.post("/api/v1/ingest/parking", content=b"{}")
    assert unsigned.status_code == 401 and shape(unsigned) == "not_signed"


async def test_dash_serves_pages_by_address_portal_and_language(web: Web, admin: httpx.AsyncClient) -> None:
    layout = (await admin.get("/_dash-layout")).text
    assert "page-content" in layout and "probe.air" not in layout
    call = {"output": "page-content.children", "outputs": {"id": "page-content", "property": "children"},
            "inputs": [{"id": "location", "property": "pathname", "value": "/air"}], "changedPropIds": ["location.pathname"]}
    answer = await admin.post("/_dash-update-component", json=call, headers={"origin": HOST, "cookie": _with(admin, "portal=wall; lang=en")})
    assert answer.status_code == 200
    assert "shell-wall" in answer.text and "body:probe.air" in answer.text


def _with(client: httpx.AsyncClient, more: str) -> str:
    return f"city_session={client.cookies['city_session']}; {more}"


async def test_every_id_of_every_page_is_known_to_dash(web: Web) -> None:
    known = str(web.site.dash.validation_layout.to_plotly_json())
    assert "body:probe.air" in known and web.site.dash.config.suppress_callback_exceptions is False


async def test_points_as_they_are_come_in_bounded_number(web: Web, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.api.MOST_POINTS", 10)
    start = clock.now() - timedelta(hours=1)
    web.history.write_points([
        Point(measure="air.aqi", entity="many", at=start + timedelta(seconds=n), value=float(n)) for n in range(25)
    ])
    asked = {"measure": "air.aqi", "entity": "many", "from": (start - timedelta(minutes=1)).isoformat()}
    told = (await admin.get("/api/v1/history", params=asked)).json()
    assert len(told["points"]) == 10 and told["truncated"] is True
    assert len(web.history.series("air.aqi", "many", start, clock.now(), 0, 11)) == 11, "no more is read than is shown"
