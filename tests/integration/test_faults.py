"""A running city that loses Redis, its runner and a feed: nothing that was acknowledged is lost, and it says so meanwhile.

On PostgreSQL where there is one, else on SQLite.
"""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from websockets.sync.client import connect

from core.audit import Audit
from core.clock import now
from core.database import engine
from core.history import History
from demo.wire import ingest
from tests.integration.running import ROOT, Running
from tests.integration.senders import Operator, Terminal, entry
from tests.servers import fresh_database, postgres_url

BEHIND_S = 25.0  # the terminals' clocks: what they send is nearly late (2 x 15 s) when it arrives


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if postgres_url() is None:
        yield f"sqlite:///{tmp_path_factory.mktemp('sql') / 'city.sqlite'}"
        return
    with fresh_database() as url:
        yield url


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory, database: str) -> Iterator[Running]:
    made = Running(tmp_path_factory.mktemp("d"), demo=False, config=ROOT / "tests/city/tiny", database_url=database)
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def client(city: Running) -> httpx.Client:
    made = city.sign_in()
    city.wait(lambda: city.ready() == 200)
    return made


def snapshot(client: httpx.Client, domain: str) -> dict[str, Any]:
    answer = client.get(f"/api/v1/snapshots/{domain}")
    assert answer.status_code == 200, answer.text[:300]
    found: dict[str, Any] = answer.json()
    return found


class Traffic:
    """Senders that go on whatever happens, and remember what was acknowledged. An answer that does not come: again."""

    def __init__(self, city: Running) -> None:
        self.city, self.stop = city, threading.Event()
        self.acknowledged: dict[str, int] = {}  # terminal -> positions
        self.unsure: dict[str, int] = {}  # sent without an answer: may be in the stream or not
        self.cars: list[str] = []
        phones = ("34990110001", "34990110002", "34990120001")
        self.threads = [threading.Thread(target=self._drive, args=(phone,)) for phone in phones]
        self.threads.append(threading.Thread(target=self._park))

    def __enter__(self) -> "Traffic":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join(60)

    def _drive(self, phone: str) -> None:
        self.acknowledged[phone] = self.unsure[phone] = 0
        number = 0
        while not self.stop.is_set():
            try:
                with Terminal(self.city.jt808, phone, clock_s=-BEHIND_S) as terminal:
                    terminal.sign_in()
                    while not self.stop.is_set():
                        self.unsure[phone] += 1
                        terminal.report(118.006 + number % 200 * 1e-4)
                        self.unsure[phone] -= 1
                        self.acknowledged[phone] += 1
                        number += 1
                        self.stop.wait(0.2)
            except OSError:
                self.stop.wait(0.5)

    def _park(self) -> None:
        operator, number = Operator(f"http://127.0.0.1:{self.city.ingest}", self.city.data_dir, "parking-gate"), 0
        while not self.stop.is_set():
            number += 1
            name = f"car-{number}"
            while not self.stop.is_set():
                with contextlib.suppress(OSError, ingest.Refused):
                    row = operator.post([entry(name)])["rows"][0]
                    assert row["status"] in ("accepted", "duplicate")
                    self.cars.append(name)
                    break
                self.stop.wait(0.5)
            self.stop.wait(0.2)


def test_no_acknowledged_message_is_lost_with_redis_and_runner(city: Running, client: httpx.Client) -> None:
    cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    address = city.base.replace("http", "ws") + "/live/ticks"
    with Traffic(city) as traffic, connect(address, additional_headers={"Cookie": cookie}, origin=city.base) as link:  # type: ignore[arg-type]
        city.wait(lambda: len(traffic.cars) >= 5 and sum(traffic.acknowledged.values()) >= 15)
        said_so = False
        while not said_so:  # the supervisor is quick; each time it waits longer
            redis = city.child("redis-server")
            redis.kill()
            while not city.replaced("redis-server", redis.pid):
                said_so = said_so or city.ready() == 503
                time.sleep(0.05)
        shown = client.get("/live/overview/desk/zh.json")
        assert shown.status_code in (200, 503), "what was known stays on the screens; without a session check, a clear no"
        city.wait(lambda: city.ready() == 200)
        version = snapshot(client, "transit")["version"]
        city.wait(lambda: _tick(link, "transit") > version)
        before = sum(traffic.acknowledged.values())
        city.wait(lambda: sum(traffic.acknowledged.values()) >= before + 6)
        runner = city.child("runner")
        runner.kill()
        city.wait(lambda: city.replaced("runner", runner.pid))
        city.wait(lambda: sum(traffic.acknowledged.values()) >= before + 12)
    acknowledged, cars = sum(traffic.acknowledged.values()), len(set(traffic.cars))

    def all_there() -> bool:
        lot = next(p for p in snapshot(client, "parking")["data"]["places"] if p["id"] == "P01")
        accepted = snapshot(client, "transit")["sources"]["jt808"]["accepted"]
        return bool(accepted >= acknowledged and lot["arrivals_h"] >= cars)

    city.wait(all_there)
    accepted = snapshot(client, "transit")["sources"]["jt808"]["accepted"]
    assert accepted <= acknowledged + sum(traffic.unsure.values()), "and nothing counts twice"


def _tick(link: Any, domain: str) -> int:
    """The version that the next message of the live link tells, 0 when it tells of another domain."""
    said = json.loads(link.recv(timeout=30))
    return int(said["version"]) if said.get("domain") == domain else int(said.get("versions", {}).get(domain, 0))


def test_a_feed_that_freezes_is_late_and_then_stale(city: Running, client: httpx.Client) -> None:
    with Terminal(city.jt808, "34990120002", clock_s=-BEHIND_S) as taxi:
        taxi.sign_in().report(118.02)

    def state() -> str:
        return str(snapshot(client, "transit")["sources"]["jt808"]["state"])

    seen = [city.wait(lambda: state() in ("late", "stale") and state(), 90)]
    city.wait(lambda: state() == "stale", 90)
    source = snapshot(client, "transit")["sources"]["jt808"]
    assert seen == ["late"] and source["since"] > source["newest_observed_at"]
    meta = client.get("/live/traffic/desk/en.json").json()["meta"]
    assert {m["state"] for m in meta.values() if m["sources"] == ["jt808"]} <= {"stale", "missing", "withheld"}


def test_the_database_has_it_and_the_audit_log_cannot_be_changed(city: Running, client: httpx.Client, database: str) -> None:
    history, made = History(database), engine(database)
    try:
        city.wait(lambda: history.archived("transit", now(), dict) is not None)
        assert client.get("/api/v1/snapshots/transit", params={"at": now().isoformat()}).status_code == 200
        audit = Audit(made)
        assert ("sign_in_once", "ok") in [(e.what, e.result) for e in audit.newest(50)] and audit.verify().broken_at is None
        for change in ("update audit set who = 'x'", "delete from audit"):
            with pytest.raises(sa.exc.DatabaseError, match="append-only"), made.begin() as connection:
                connection.exec_driver_sql(change)
        with made.connect() as connection:
            assert connection.execute(sa.text("select count(*) from series")).scalar() > 0  # type: ignore[operator]
    finally:
        history.close()
        made.dispose()
