"""Signing in and out: passwords, lockout, one-time links, walls, machines, and the log that cannot be changed quietly."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from core import auth, settings
from core.accounts import Accounts, WeakPassword, check_password_rules
from core.audit import Audit
from core.auth import Identity, Sessions
from core.database import engine
from core.errors import Conflict, NotAllowed, NotFound
from core.history import migrate
from tests.servers import fresh_database
from tests.web.conftest import HOST
from web.server import Web

PASSWORD = "Dabie-Shan-31"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """People and their log are rows: everything here holds on both databases."""
    with fresh_database(request.param, tmp_path_factory.mktemp("sql")) as url:
        migrate(url)
        yield url


@pytest.fixture
def accounts(web: Web) -> Accounts:
    with web.history.engine.begin() as connection:
        for table in ("account", "wall_device", "api_token"):
            connection.execute(sa.text(f"delete from {table}"))
    web.accounts.add("li.wei", "leader", PASSWORD, "李伟")
    return web.accounts


async def post(client: httpx.AsyncClient, name: str, password: str, **more: str) -> httpx.Response:
    return await client.post("/sign-in", data={"name": name, "password": password, **more}, headers={"origin": HOST})


async def test_a_password_opens_and_sign_out_closes(web: Web, accounts: Accounts, anonymous: httpx.AsyncClient) -> None:
    answer = await post(anonymous, "li.wei", PASSWORD, next="/air?x=1")
    assert answer.status_code == 303 and answer.headers["location"] == "/air?x=1"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "secure" not in cookie.split("samesite")[1]
    me = (await anonymous.get("/session")).json()
    assert me["account"] == "li.wei" and me["role"] == "leader" and me["pages"] == ["overview", "air"]
    out = await anonymous.post("/sign-out", headers={"origin": HOST})
    assert out.status_code == 303
    assert (await anonymous.get("/session")).status_code == 401
    log = [(e.who, e.what, e.result) for e in web.audit.newest(5)]
    assert ("li.wei", "sign_in", "ok") in log and ("li.wei", "sign_out", "ok") in log


async def test_a_stolen_cookie_is_dead_after_sign_out(web: Web, accounts: Accounts, anonymous: httpx.AsyncClient) -> None:
    await post(anonymous, "li.wei", PASSWORD)
    stolen = anonymous.cookies["city_session"]
    await anonymous.post("/sign-out", headers={"origin": HOST})
    anonymous.cookies.set("city_session", stolen, domain="city.test")
    assert (await anonymous.get("/session")).status_code == 401


@pytest.mark.parametrize("target", ["//evil.test", "https://evil.test", "/\\evil.test", "javascript:alert(1)", "/a\r\nx: y"])
async def test_nobody_is_sent_elsewhere_after_signing_in(target: str, accounts: Accounts, anonymous: httpx.AsyncClient) -> None:
    assert (await post(anonymous, "li.wei", PASSWORD, next=target)).headers["location"] == "/"


async def test_five_failures_lock_the_account_even_for_the_right_password(web: Web, accounts: Accounts, anonymous: httpx.AsyncClient) -> None:
    for _ in range(5):
        answer = await post(anonymous, "li.wei", "Wrong-pass-1")
        assert answer.status_code == 401 and "账号或密码不正确" in answer.text and "Wrong-pass-1" not in answer.text
    assert (await post(anonymous, "li.wei", PASSWORD)).status_code == 429
    assert await web.sessions.locked("account:li.wei") and await web.sessions.locked("address:127.0.0.1")
    assert (await web.store.redis.ttl("city:failures:account:li.wei")) > 1700
    assert [e.result for e in web.audit.newest(6)] == ["locked"] + ["wrong"] * 5


async def test_guesses_sent_at_once_do_not_slip_past_the_lock(web: Web, accounts: Accounts, anonymous: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(post(anonymous, "li.wei", f"Wrong-pass-{n}") for n in range(20)))
    assert sorted(a.status_code for a in answers) == [401] * 5 + [429] * 15


async def test_success_takes_nothing_from_the_address_but_itself(web: Web, accounts: Accounts, anonymous: httpx.AsyncClient) -> None:
    await post(anonymous, "li.wei", "Wrong-pass-1")
    assert (await post(anonymous, "li.wei", PASSWORD)).status_code == 303
    assert await web.store.redis.get("city:failures:account:li.wei") is None
    assert await web.store.redis.get("city:failures:address:127.0.0.1") == b"1"


async def test_an_unknown_name_gets_the_same_answer(accounts: Accounts, anonymous: httpx.AsyncClient) -> None:
    unknown, wrong = await post(anonymous, "nobody", PASSWORD), await post(anonymous, "li.wei", "Wrong-pass-1")
    assert unknown.status_code == wrong.status_code == 401
    assert unknown.text.replace("nobody", "li.wei") == wrong.text


async def test_a_name_cannot_smuggle_markup(accounts: Accounts, anonymous: httpx.AsyncClient) -> None:
    answer = await post(anonymous, '"><script>x</script>', "a")
    assert "<script>x" not in answer.text


async def test_the_sign_in_page_speaks_both_languages(anonymous: httpx.AsyncClient) -> None:
    zh, en = await anonymous.get("/sign-in"), await anonymous.get("/sign-in?lang=en")
    assert "六安城市大脑" in zh.text and 'lang="zh-CN"' in zh.text and "⟦" not in zh.text
    assert "City Brain" in en.text and 'lang="en"' in en.text and "⟦" not in en.text
    assert "<svg viewBox" in zh.text


async def test_a_one_time_link_works_once(web: Web, accounts: Accounts, anonymous: httpx.AsyncClient) -> None:
    link = await asyncio.to_thread(auth.issue_one_time_link, web.settings, HOST)
    first = await anonymous.get(link)
    assert first.status_code == 303 and "city_session" in first.cookies
    assert (await anonymous.get("/session")).json()["role"] == "admin"
    anonymous.cookies.clear()
    second = await anonymous.get(link)
    assert second.status_code == 410 and "city_session" not in second.cookies
    assert (await anonymous.get("/sign-in?once=guess")).status_code == 410


async def test_a_one_time_link_ends_by_itself_and_is_stored_hashed(web: Web, accounts: Accounts) -> None:
    link = await asyncio.to_thread(auth.issue_one_time_link, web.settings, HOST)
    token = link.rpartition("=")[2]
    keys = [key.decode() for key in await web.store.redis.keys("city:once:*")]
    assert len(keys) == 1 and token not in keys[0]
    assert 0 < await web.store.redis.ttl(keys[0]) <= 900


async def test_a_disabled_account_is_closed_to_links_and_passwords(web: Web, accounts: Accounts, anonymous: httpx.AsyncClient) -> None:
    accounts.disable("li.wei")
    link = await asyncio.to_thread(auth.issue_one_time_link, web.settings, HOST, "li.wei")
    assert (await anonymous.get(link)).status_code == 410
    assert (await post(anonymous, "li.wei", PASSWORD)).status_code == 401


async def test_a_wall_is_bound_to_one_browser_and_reads_only(web: Web, accounts: Accounts, anonymous: httpx.AsyncClient) -> None:
    accounts.add_wall("hall-1", "指挥大厅")
    link = await asyncio.to_thread(auth.issue_one_time_link, web.settings, HOST, "hall-1", "wall")
    bound = await anonymous.get(link)
    assert bound.status_code == 303 and "city_wall" in bound.cookies
    assert (await anonymous.get("/session")).json()["role"] == "wall"
    assert (await anonymous.get("/metrics")).status_code == 403
    web.app._known.clear()
    accounts.disable_wall("hall-1")
    assert (await anonymous.get("/session")).status_code == 401


async def test_a_machine_token_opens_the_api_and_nothing_else(web: Web, accounts: Accounts, anonymous: httpx.AsyncClient) -> None:
    token = accounts.add_token("weather-bureau", ("api.read", "air.read"))
    bearer = {"authorization": f"Bearer {token}"}
    assert (await anonymous.get("/api/v1/domains", headers=bearer)).status_code == 200
    assert (await anonymous.get("/api/v1/snapshots/parking", headers=bearer)).status_code == 403
    for path in ("/", "/live/air/desk/zh.json", "/_dash-layout", "/session"):
        assert (await anonymous.get(path, headers=bearer)).status_code == 401, path
    accounts.disable_tokens("weather-bureau")
    web.app._known.clear()
    assert (await anonymous.get("/api/v1/domains", headers=bearer)).status_code == 401


async def test_a_machine_token_as_a_cookie_opens_nothing(web: Web, accounts: Accounts, anonymous: httpx.AsyncClient) -> None:
    token = accounts.add_token("weather-bureau", ("api.read", "*.read"))
    assert (await anonymous.get("/api/v1/domains", headers={"authorization": f"Bearer {token}"})).status_code == 200
    for cookie in ("city_session", "city_wall"):
        assert (await anonymous.get("/session", headers={"cookie": f"{cookie}={token}"})).status_code == 401


async def test_a_wall_outlives_a_database_that_is_away(
    web: Web, accounts: Accounts, anonymous: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts.add_wall("hall-2", "指挥大厅")
    link = await asyncio.to_thread(auth.issue_one_time_link, web.settings, HOST, "hall-2", "wall")
    await anonymous.get(link)
    assert (await anonymous.get("/session")).status_code == 200

    def away(token: str) -> None:
        raise sa.exc.OperationalError("select", {}, Exception("database is away"))

    monkeypatch.setattr(web.accounts, "wall", away)
    monkeypatch.setattr("web.guard.WALL_FRESH_S", 0.0)
    assert (await anonymous.get("/session")).status_code == 200, "who was bound a moment ago still is"
    web.app._known.clear()
    assert (await anonymous.get("/session")).status_code == 503


async def test_sessions_slide_while_used_and_end_absolutely(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    from core import clock

    sessions = Sessions(web.store.redis, idle=timedelta(minutes=30), absolute=timedelta(hours=8))
    token = await sessions.start("a", "A", "leader")
    key = f"city:session:{auth.hashed(token)}"
    start = clock.now()
    for minutes in (20, 40, 60):
        monkeypatch.setattr("core.auth.clock.now", lambda m=minutes: start + timedelta(minutes=m))
        assert await sessions.find(token) is not None
        assert await web.store.redis.pttl(key) > 29 * 60_000
    await web.store.redis.pexpire(key, 1000)
    assert await sessions.find(token, active=False) is not None
    assert await web.store.redis.pttl(key) <= 1000, "polling by itself must not keep a session"
    monkeypatch.setattr("core.auth.clock.now", lambda: start + timedelta(hours=8))
    assert await sessions.find(token) is None
    assert await web.store.redis.exists(key) == 0


async def test_sessions_are_listed_and_revoked(web: Web, admin: httpx.AsyncClient) -> None:
    other = await web.sessions.start("admin-1", "admin", "admin", "10.0.0.9")
    rows = (await admin.get("/session/others")).json()["sessions"]
    assert len(rows) == 2 and sum(row["this"] for row in rows) == 1
    assert (await admin.delete("/session/others", headers={"origin": HOST})).json() == {"ended": 1}
    assert await web.sessions.find(other) is None
    assert (await admin.get("/session")).status_code == 200


@pytest.mark.parametrize(("password", "rule"), [
    ("Ab1-", "length"), ("abcdefgh1", "classes"), ("Li.Wei-2026", "name"), ("P@ssw0rd", "common"), ("A1-" * 100, "length"),
])
def test_weak_passwords_are_refused_with_the_rule(password: str, rule: str) -> None:
    with pytest.raises(WeakPassword) as weak:
        check_password_rules("li.wei", password)
    assert weak.value.details["rule"] == rule


def test_accounts_are_unique_and_known(accounts: Accounts) -> None:
    with pytest.raises(Conflict):
        accounts.add("li.wei", "leader")
    with pytest.raises(NotFound):
        accounts.disable("nobody")
    accounts.add("no.password", "officer")
    assert accounts.verify("no.password", "") is None
    accounts.set_password("li.wei", "New-Pass-2027")
    assert accounts.verify("li.wei", PASSWORD) is None and accounts.verify("li.wei", "New-Pass-2027") is not None


def test_wildcards_never_cover_what_is_sensitive() -> None:
    leader, wall = (Identity(account="x", name="x", role=role) for role in ("leader", "wall"))
    assert leader.may("noise.read") and not leader.may("audit.read") and not leader.may("users.write")
    assert wall.may("air.read") and not wall.may("api.read") and not wall.may("cases.write")
    assert not Identity(account="x", name="x", role="unknown").may("air.read")
    with pytest.raises(NotAllowed):
        auth.require("air.read")


@pytest.fixture(params=["sqlite", "postgresql"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Audit]:
    with fresh_database(request.param, tmp_path) as url:
        migrate(url)
        made = Audit(engine(url))
        for n in range(6):
            made.record("li", "act", target=str(n))
        yield made
        made.engine.dispose()


UNGUARD = {
    "sqlite": ("drop trigger audit_no_update", "drop trigger audit_no_delete"),
    "postgresql": ("drop trigger audit_no_change on audit",),
}


@pytest.mark.parametrize("change", [
    "update audit set result = 'denied' where id = 3",
    "delete from audit where id = 3",
    "update audit set at = at + 1 where id = 6",
    "update audit set hash = previous where id = 2",
])
def test_tampering_with_the_audit_log_shows(log: Audit, change: str) -> None:
    assert log.verify().broken_at is None and log.verify().rows == 6
    with pytest.raises(sa.exc.DatabaseError, match="append-only"), log.engine.begin() as connection:
        connection.exec_driver_sql(change)
    assert log.verify().broken_at is None
    with log.engine.begin() as connection:  # somebody with the file in hand drops the triggers first
        for statement in UNGUARD[connection.dialect.name]:
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql(change)
    assert log.verify().broken_at is not None


def test_a_cut_off_end_shows_by_the_head_kept_elsewhere(log: Audit) -> None:
    head = log.verify().head
    with log.engine.begin() as connection:
        for statement in UNGUARD[connection.dialect.name]:
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql("delete from audit where id = 6")
    assert log.verify().broken_at is None and log.verify().head != head


async def test_concurrent_writers_share_one_chain(log: Audit) -> None:
    await asyncio.gather(*(asyncio.to_thread(log.record, f"w{n}", "act") for n in range(20)))
    verdict = log.verify()
    assert verdict.rows == 26 and verdict.broken_at is None


def test_settings_of_the_tests_are_complete() -> None:
    assert settings.read({}).cookie_secure == "auto"
