"""The one way from stream to snapshot, over a real Redis and both databases."""

from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import redis

from core import settings as setting
from core.clock import now
from core.errors import Conflict
from core.history import History
from core.observation import Message, Problem
from core.store import Store
from data_sources.loop import Loop
from tests.servers import RedisServer
from tests.spine import counting

T0 = datetime.fromisoformat("2026-11-24T08:00:00+08:00")


def message(text: str, at: datetime = T0) -> Message:
    return Message(source="thermo", received_at=at, payload=text.encode())


def line(name: str, celsius: float, at: datetime = T0) -> Message:
    return message(f"{name} {celsius} {at.timestamp()}", at)


@pytest.fixture
def city() -> Any:
    return SimpleNamespace(timezone="Asia/Shanghai", of=lambda domain: {}, owners={"heat": "weather-office"})


@pytest.fixture
def store(redis_process: RedisServer) -> Store:
    made = Store(redis_process.url)
    made.redis.flushall()
    return made


def make(store: Store, url: str, city: Any, owner: str = "one") -> Loop:
    settings = setting.read({"CITY_SIMULATED": "thermo"})
    return Loop(counting.DOMAIN, counting.Intake(), city, store, History(url), settings, owner)


def test_message_becomes_snapshot_history_and_finding(store: Store, database_url: str, city: Any) -> None:
    loop = make(store, database_url, city)
    store.append("heat", [line("roof", 41.5), line("cellar", 11.5)])
    assert loop.tick(T0 + timedelta(seconds=5))
    snapshot = store.snapshot("heat", counting.Data)
    assert snapshot is not None and snapshot.version == 1 and snapshot.simulated
    assert snapshot.data.values == {"roof": 41.5, "cellar": 11.5}
    assert snapshot.readings["heat.mean_c"].value == 26.5
    health = snapshot.sources["thermo"]
    assert (health.state, health.accepted, health.entities, health.expected) == ("live", 2, 2, 3)
    assert snapshot.observed_at == T0
    assert [v for _, v, _, _ in loop.history.series("heat.c", "roof", T0, T0 + timedelta(hours=1))] == [41.5]
    assert [(f.id, f.owner) for f in loop.history.findings(T0, T0 + timedelta(1))] == [("heat:roof", "weather-office")]
    assert store.backlog("heat") == 0, "acknowledged entries leave the stream"


def test_bad_lines_bugs_and_poison_are_counted_kept_and_harm_nobody(store: Store, database_url: str, city: Any) -> None:
    loop = make(store, database_url, city)
    bad = [message("no number here"), message("explode"), line("poison", 1)]
    store.append("heat", [*bad, line("roof", 20)])
    assert loop.tick(T0)
    snapshot = store.snapshot("heat", counting.Data)
    assert snapshot is not None and snapshot.data.values == {"roof": 20.0}
    loop.tick(T0 + timedelta(seconds=6))
    snapshot = store.snapshot("heat", counting.Data)
    assert snapshot is not None
    assert snapshot.sources["thermo"].refused == {"bad_line": 1, "parser_failed": 1, "build_failed": 1}
    loop.checkpoint(T0 + timedelta(seconds=7))
    kept = {row["reason"]: row["raw"] for row in loop.history.problems("thermo")}
    assert kept["bad_line"] == b"no number here" and kept["parser_failed"] == b"explode" and b"poison" in kept["build_failed"]


def test_silence_grows_old_and_zero_is_not_missing(store: Store, database_url: str, city: Any) -> None:
    loop = make(store, database_url, city)
    loop.tick(T0)
    empty = store.snapshot("heat", counting.Data)
    assert empty is not None and empty.sources["thermo"].state == "missing" and empty.observed_at is None
    store.append("heat", [line("roof", 0)])
    loop.tick(T0 + timedelta(seconds=1))
    states = []
    for age_s in (1, 25, 60):
        loop.tick(T0 + timedelta(seconds=age_s + 10))
        snapshot = store.snapshot("heat", counting.Data)
        assert snapshot is not None and snapshot.readings["heat.mean_c"].value == 0.0
        states.append(snapshot.sources["thermo"].state)
    assert states == ["live", "late", "stale"]


def test_kill_before_checkpoint_loses_and_doubles_nothing(store: Store, database_url: str, city: Any) -> None:
    first = make(store, database_url, city, "first")
    store.append("heat", [line("roof", 20)])
    first.tick(T0)  # the first turn also makes a checkpoint
    store.append("heat", [line("roof", 21, T0 + timedelta(seconds=2)), line("cellar", 9, T0 + timedelta(seconds=2))])
    assert first.tick(T0 + timedelta(seconds=3)) and first.done, "merged and published, not yet kept"
    store.redis.delete("city:lease:heat")  # kill -9: the lease runs out, nothing is released
    second = make(store, database_url, city, "second")
    assert second.tick(T0 + timedelta(seconds=20))
    assert second.state.seen == 3 and second.state.values == {"roof": 21.0, "cellar": 9.0}
    assert second.ledger.accepted == {"thermo": 3}
    points = second.history.series("heat.c", "roof", T0, T0 + timedelta(hours=1))
    assert [value for _, value, _, _ in points] == [20.0, 21.0]


def test_a_leader_that_slept_can_neither_publish_nor_acknowledge(store: Store, database_url: str, city: Any) -> None:
    sleeper = make(store, database_url, city, "sleeper")
    sleeper.tick(T0)
    lease = sleeper.lease
    store.redis.delete("city:lease:heat")
    fresh = make(store, database_url, city, "fresh")
    assert fresh.tick(T0 + timedelta(seconds=9))
    assert lease is not None
    with pytest.raises(Conflict):
        store.checkpoint(lease, "heat", b"old", [])
    assert not sleeper.tick(T0 + timedelta(seconds=10)), "another one leads now"
    assert fresh.tick(T0 + timedelta(seconds=16))


def test_database_away_keeps_the_wall_alive_and_the_stream_unacknowledged(
    store: Store, database_url: str, city: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = make(store, database_url, city)

    def down(*_: object) -> None:
        raise OSError("database is away")

    with monkeypatch.context() as patch:
        for name in ("write_points", "keep"):
            patch.setattr(loop.history, name, down)
        store.append("heat", [line("roof", 20)])
        assert loop.tick(T0), "the snapshot is published all the same"
        assert store.backlog("heat") == 1, "but not acknowledged"
    loop.checkpoint(T0 + timedelta(seconds=11))
    assert store.backlog("heat") == 0
    assert len(loop.history.series("heat.c", "roof", T0, T0 + timedelta(hours=1))) == 1


def test_redis_killed_and_restarted_keeps_snapshot_and_stream(redis_process: RedisServer, database_url: str, city: Any) -> None:
    store = Store(redis_process.url)
    store.redis.flushall()
    loop = make(store, database_url, city)
    store.append("heat", [line("roof", 20)])
    loop.tick(T0)
    store.append("heat", [line("cellar", 9)])
    store.redis.execute_command("WAITAOF", 1, 0, 1000) if _has_waitaof(store) else _wait_for_fsync()
    redis_process.kill()
    redis_process.start()
    again = make(Store(redis_process.url), database_url, city, "again")
    again.store.redis.delete("city:lease:heat")
    assert again.tick(T0 + timedelta(seconds=30))
    assert again.version == 2 and again.state.values == {"roof": 20.0, "cellar": 9.0}


def _has_waitaof(store: Store) -> bool:
    return int(store.redis.info("server")["redis_version"].split(".")[0]) >= 7


def _wait_for_fsync() -> None:
    """The append-only file is synced every second; a kill -9 of the process alone loses nothing written to the kernel."""
    import time

    time.sleep(1.2)


def test_archive_answers_as_it_was_known_then(store: Store, database_url: str, city: Any) -> None:
    loop = make(store, database_url, city)
    for minute, celsius in ((0, 10), (1, 11), (5, 15)):
        at = T0 + timedelta(minutes=minute)
        store.append("heat", [line("roof", celsius, at)])
        store.redis.pexpire("city:lease:heat", 60_000)
        loop.tick(at)
    asked = loop.history.archived("heat", T0 + timedelta(minutes=4), counting.Data)
    assert asked is not None and asked.data.values == {"roof": 11.0}
    assert loop.history.archived("heat", T0 - timedelta(minutes=1), counting.Data) is None
    later = now() + timedelta(days=3)
    assert loop.history.thin(later) >= 2, "minutes that are no quarter hours go after 48 h"


def test_settings_report_every_error_at_once(tmp_path: Path) -> None:
    from core.errors import BadConfiguration

    with pytest.raises(BadConfiguration) as caught:
        setting.read({"CITY_PORT": "eighty", "CITY_WORKERS": "0", "CITY_LOG_FORMAT": "xml", "CITY_PROT": "1"})
    assert len(caught.value.details["errors"]) == 4  # type: ignore[arg-type]


class Torn(Store):
    """A store whose connection breaks where it is told to: before or after Redis did what was asked."""

    at = ""

    def receive(self, domain: str, consumer: str, count: int = 200) -> list[tuple[str, list[Message]]]:
        found = super().receive(domain, consumer, count)
        if self.at == "receive":
            self.at = ""
            raise redis.ConnectionError("broken before the answer came")
        return found

    def state(self, domain: str) -> bytes | None:
        if self.at == "state":
            self.at = ""
            raise redis.ConnectionError("broken while resuming")
        return super().state(domain)


@pytest.fixture
def torn(store: Store, redis_process: RedisServer) -> Torn:
    return Torn(redis_process.url)


def test_what_was_delivered_but_never_arrived_is_read_again(torn: Torn, database_url: str, city: Any) -> None:
    loop = make(torn, database_url, city)
    torn.append("heat", [line("roof", 20.0)])
    assert loop.tick(T0)
    torn.append("heat", [line("cellar", 11.0)])
    torn.at = "receive"
    with pytest.raises(redis.ConnectionError):
        loop.tick(T0 + timedelta(seconds=1))
    assert loop.tick(T0 + timedelta(seconds=2))
    snapshot = torn.snapshot("heat", counting.Data)
    assert snapshot is not None and snapshot.data.values == {"roof": 20.0, "cellar": 11.0}
    assert snapshot.sources["thermo"].accepted == 2, "once each"


def test_a_start_that_breaks_half_way_does_not_begin_empty(torn: Torn, database_url: str, city: Any) -> None:
    first = make(torn, database_url, city, "first")
    torn.append("heat", [line("roof", 20.0)])
    assert first.tick(T0)
    first.release(T0)
    torn.at = "state"
    second = make(torn, database_url, city, "second")
    with pytest.raises(redis.ConnectionError):
        second.tick(T0 + timedelta(seconds=1))
    assert second.tick(T0 + timedelta(seconds=2))
    snapshot = torn.snapshot("heat", counting.Data)
    assert snapshot is not None and snapshot.version == 2 and snapshot.data.values == {"roof": 20.0}


class Slow(Store):
    """A store whose leases run out after so many snapshots, unless they are renewed: work that takes longer than a lease."""

    left = 0

    def renew(self, lease: Any) -> bool:
        self.left = 1
        return super().renew(lease)

    def publish(self, lease: Any, snapshot: Any) -> bytes:
        self.left -= 1
        if self.left < 0:
            self.redis.delete(f"city:lease:{lease.name}")
        return super().publish(lease, snapshot)


def test_a_backlog_longer_than_a_lease_is_worked_off(
    redis_process: RedisServer, store: Store, database_url: str, city: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data_sources.loop.SLICE_MESSAGES", 10)
    for n in range(30):
        store.append("heat", [line("roof", n, T0 + timedelta(seconds=n))] * 4)
    loop = make(Slow(redis_process.url), database_url, city)
    loop.tick(T0 + timedelta(seconds=40))
    assert loop.lease is not None and loop.version > 10, "slice by slice, the lease renewed in between"
    assert loop.state.values == {"roof": 29.0} and loop.ledger.accepted == {"thermo": 120}


def test_what_a_build_finds_beside_poison_is_said_once(
    store: Store, database_url: str, city: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = make(store, database_url, city)
    plain = loop.intake.build

    def build(state: Any, observations: Any, static: Any, at: datetime) -> Any:
        built = plain(state, observations, static, at)
        built.problems = [Problem(source="thermo", reason="odd", entity=o.entity) for o in observations]
        return built

    monkeypatch.setattr(loop.intake, "build", build)
    store.append("heat", [line("poison", 1), line("roof", 20), line("cellar", 9)])
    loop.tick(T0)
    assert loop.ledger.refusals == {"thermo": {"build_failed": 1, "odd": 2}}
    kept = [row["entity"] for row in loop.history.problems("thermo") if row["reason"] == "odd"]
    assert sorted(kept) == ["cellar", "roof"]
