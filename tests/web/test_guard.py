"""Deny by default: every route there is, every kind of connection."""

import asyncio

import httpx
import pytest
from starlette.routing import Mount, Route, WebSocketRoute

from tests.web import page
from tests.web.conftest import HOST, publish, signed_in
from tests.web.live_server import serve
from web.access import PUBLIC, SIGNED, Access, Rule, markdown, rules
from web.server import Web

OPEN = {"/healthz", "/readyz", "/sign-in", "/sign-out", "/manifest.webmanifest", "/favicon.ico", "/_favicon.ico",
        "/assets/tokens.css", "/assets/favicon.ico", "/assets/icons/*"}
FILLED = {"domain": "air", "source": "parking", "camera": "c1", "evidence": "e1", "name": "water.geojson",
          "bundle:path": "air/desk/zh.json", "package_name": "dash", "fingerprinted_path:path": "x.js", "path:path": "/x"}


def paths(web: Web) -> set[tuple[str, str]]:
    """Every (method, path) the application knows, with its parameters filled in."""
    found = {("GET", "/nowhere"), ("GET", "/assets/ui.js"), ("GET", "/assets/../core/auth.py"), ("POST", "/nowhere")}
    for route in _flat(web.server.router.routes):
        path = route.path
        for name, value in FILLED.items():
            path = path.replace("{" + name + "}", value)
        assert "{" not in path, f"{route.path}: fill its parameter in this test"
        if isinstance(route, Mount):
            found.add(("GET", path + "/live.js"))
        elif isinstance(route, WebSocketRoute) or not isinstance(route, Route) and not hasattr(route, "methods"):
            found.add(("WEBSOCKET", path))
        else:
            found |= {(method, path) for method in route.methods or {"GET"}}
    return found


def _flat(routes):
    for route in routes:
        inner = getattr(route, "original_router", None) or getattr(route, "router", None)
        if hasattr(route, "path"):
            yield route
        elif inner is not None:
            yield from _flat(inner.routes)
        else:
            raise AssertionError(f"what is {route!r}?")


async def test_nobody_gets_anything_but_what_is_listed_as_public(web: Web, anonymous: httpx.AsyncClient) -> None:
    known = paths(web)
    assert len(known) > 30
    assert {path for _, path in known} >= {"/", "/air", "/metrics", "/live/ticks", "/_dash-update-component", "/_dash-layout"}
    for method, path in sorted(known):
        if method in ("WEBSOCKET", "OPTIONS") or path in OPEN:
            continue
        answer = await anonymous.request(method, path, headers={"accept": "application/json"})
        assert answer.status_code == 401, (method, path, answer.status_code)
        assert method == "HEAD" or answer.json()["error"]["code"] in ("not_signed_in", "not_signed"), path


async def test_the_public_list_is_exactly_this(web: Web) -> None:
    assert {rule.path for rule in web.access.table if PUBLIC in rule.needs} == OPEN
    assert [rule.path for rule in web.access.table if SIGNED in rule.needs] == ["/api/v1/ingest/*"]


async def test_a_browser_is_sent_to_sign_in_and_comes_back(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get("/air?x=1", headers={"accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/air%3Fx%3D1"


async def test_what_is_not_in_the_table_is_not_there_for_anybody(web: Web, admin: httpx.AsyncClient) -> None:
    for path in ("/nowhere", "/_dash-unknown", "/api/v1/unknown", "/assets/%2e%2e/core/auth.py", "/openapi.json", "/docs"):
        answer = await admin.get(path)
        assert answer.status_code == 404, path
        assert answer.json()["error"]["code"] == "not_found"


async def test_roles_see_what_is_theirs(web: Web) -> None:
    async with await signed_in(web, "school") as school:
        assert (await school.get("/air")).status_code == 200
        assert (await school.get("/live/air/phone/zh.json")).status_code == 200
        refused = await school.get("/", headers={"accept": "text/html"})
        assert refused.status_code == 403 and "/air" in refused.text and "<script" in refused.text
        for path in ("/live/overview/desk/zh.json", "/metrics", "/api/v1/domains", "/api/v1/snapshots/parking", "/cameras/x/latest.jpg"):
            answer = await school.get(path)
            assert answer.status_code == 403, path
            assert answer.json()["error"]["code"] == "not_allowed"
    async with await signed_in(web, "wall") as wall:
        assert (await wall.get("/")).status_code == 200
        assert (await wall.get("/api/v1/domains")).status_code == 403
    async with await signed_in(web, "admin") as admin:
        assert (await admin.get("/metrics")).status_code == 200


async def test_a_bundle_never_holds_a_domain_that_the_viewer_may_not_read(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    await publish(web, "air", "parking")
    from core import auth

    monkeypatch.setitem(auth.ROLES, "school", ("overview.read", "air.read"))
    async with await signed_in(web, "school") as school, await signed_in(web, "leader") as leader:
        theirs = (await school.get("/live/overview/desk/zh.json")).json()
        ours = (await leader.get("/live/overview/desk/zh.json")).json()
    assert theirs["panels"]["probe.air"]["face"] == "live"
    assert theirs["panels"]["probe.parking"]["face"] == "unavailable"
    assert "parking" not in theirs["versions"] and theirs["meta"]["probe.parking"]["observed_at"] is None
    assert ours["panels"]["probe.parking"]["face"] == "live"


async def test_changes_from_another_site_are_refused(admin: httpx.AsyncClient) -> None:
    body = {"inputs": []}
    for headers in ({}, {"origin": "https://evil.test"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
        answer = await admin.post("/_dash-update-component", json=body, headers=headers)
        assert answer.status_code == 403, headers
        assert answer.json()["error"]["code"] == "cross_site"
    answer = await admin.post("/session/preferences", data={"lang": "en", "next": "//evil.test"}, headers={"origin": HOST})
    assert answer.status_code == 303 and answer.headers["location"] == "/"
    assert "lang=en" in answer.headers["set-cookie"]


async def test_a_method_that_is_not_there_says_so(admin: httpx.AsyncClient) -> None:
    answer = await admin.delete("/api/v1/domains", headers={"origin": HOST})
    assert answer.status_code == 405 and answer.headers["allow"] == "GET, HEAD"
    assert answer.json()["error"]["code"] == "method_not_allowed"


async def test_headers_let_nothing_from_outside_in(admin: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    for answer in (await admin.get("/"), await anonymous.get("/sign-in")):
        policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'self'" and policy["frame-ancestors"] == "'none'"
        assert "unsafe" not in policy["script-src"] and "http" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"


async def test_inline_scripts_of_every_page_are_allowed_by_their_hash(admin: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    import re

    from web.headers import script_hash

    for answer in (await admin.get("/"), await anonymous.get("/sign-in")):
        policy = answer.headers["content-security-policy"]
        inline = [s for kind, s in re.findall(r"<script([^>]*)>(.*?)</script>", answer.text, re.S)
                  if "src=" not in kind and "application/json" not in kind]
        assert inline
        assert all(script_hash(script) in policy for script in inline)
        assert "//cdn" not in answer.text and "https://" not in answer.text


async def test_denials_reach_the_audit_log_counted(web: Web, anonymous: httpx.AsyncClient) -> None:
    for _ in range(30):
        await anonymous.get("/live/air/desk/zh.json")
    await asyncio.to_thread(web.denials.write)
    row = next(e for e in web.audit.newest(5) if "/live/air" in e.target)
    assert (row.what, row.result, row.who) == ("denied", "not_signed_in", "-")
    assert row.target.endswith("×30")


async def test_redis_away_is_not_signed_out(web: Web, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(*_: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(web.sessions, "find", gone)
    answer = await admin.get("/api/v1/domains")
    assert answer.status_code == 503 and answer.headers["retry-after"] == "2"


async def test_sockets_need_a_session_and_our_own_origin(web: Web) -> None:
    from websockets.asyncio.client import connect
    from websockets.exceptions import InvalidStatus

    token = await web.sessions.start("li", "Li", "leader")
    async with serve(web) as base:
        url, origin = base.replace("http", "ws") + "/live/ticks", base
        cookie = {"Cookie": f"city_session={token}"}
        for headers, where in (({}, origin), (cookie, "https://evil.test"), (cookie, None), ({"Cookie": "city_session=x"}, origin)):
            with pytest.raises(InvalidStatus) as refused:
                async with connect(url, origin=where, additional_headers=headers, proxy=None):
                    pass
            assert refused.value.response.status_code == 403
        async with connect(url, origin=origin, additional_headers=cookie, proxy=None) as socket:
            assert '"hello"' in await asyncio.wait_for(socket.recv(), 5)


def test_the_table_finds_the_longest_prefix_and_refuses_tricks() -> None:
    access = Access((Rule(path="/a/*", needs=("x",)), Rule(path="/a/b/*", needs=("y",)), Rule(path="/a/c", needs=("z",))))
    assert [access.find(p).needs[0] for p in ("/a/1", "/a/b/1", "/a/c")] == ["x", "y", "z"]
    assert [access.find(p) for p in ("/a/", "/", "/a/../etc", "/a//b", "/a/\\x", "")] == [None] * 6


def test_the_docs_name_every_rule(web: Web) -> None:
    table = rules(page.PAGES, list(web.hub.domains.values()))
    text = markdown(table)
    assert all(f"`{rule.path}`" in text for rule in table)
