"""Everything that may come in wrong, against one running city: answered clearly, counted, kept, and nobody else notices."""

import contextlib
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.history import History
from demo.wire import jt808
from tests.conftest import SHARED
from tests.integration.running import ROOT, Running
from tests.integration.senders import Camera, Line, Operator, Station, Terminal, berth, entry, station_report

TINY = ROOT / "tests/city/tiny"
HOSTILE = SHARED / "data/video/crash_rawvideo_48x48.avi"
BUS, TAXI, STRANGER = "34990110001", "34990120001", "34990199999"
STATION = "TINY349901GK220000000001"
YEAR_S = 365 * 86_400.0
CAMERA = """
[[camera]]
id = "{id}"
name = "{id}"
name_en = "{id}"
area = "A01"
url = "{url}"
lon = 118.0252
lat = 30.5004
"""


class City(Running):
    """A running city, its administrator's browser and the good traffic that goes on all the time."""

    def __init__(self, data_dir: Path, config: Path) -> None:
        super().__init__(data_dir, demo=False, config=config)
        self.client = self.sign_in()
        self.wait(lambda: self.ready() == 200)
        self.history = History(f"sqlite:///{data_dir / 'city.sqlite'}")
        self.bus, self.station = Terminal(self.jt808, BUS).sign_in(), Station(self.hj212, STATION)
        self.gates = Operator(f"http://127.0.0.1:{self.ingest}", data_dir, "parking-gate")
        self.berths = Operator(self.base, data_dir, "parking-berth")  # by way of the web
        self.sent = self.mixed = self.second = 0

    def good(self) -> None:
        """One of each; every one must be acknowledged. Devices' clocks show whole seconds: one report in each."""
        while int(time.time()) == self.second:
            time.sleep(0.02)
        self.second = int(time.time())
        self.sent += 1
        self.bus.report(118.010 + self.sent * 1e-4)
        self.station.report(30.0 + self.sent)
        assert self.berths.post([berth(1 + (self.sent - 1) % 20, 1)])["accepted"] == 1
        assert self.gates.post([entry(f"car-{self.sent}")])["accepted"] == 1

    def snapshot(self, domain: str) -> dict[str, Any]:
        """As the API tells it."""
        answer = self.client.get(f"/api/v1/snapshots/{domain}")
        assert answer.status_code == 200, answer.text[:300]
        found: dict[str, Any] = answer.json()
        return found

    def refused(self, domain: str, source: str) -> dict[str, int]:
        """Reason -> count of today."""
        counts: dict[str, int] = self.snapshot(domain)["sources"][source]["refused"]
        return counts

    def kept(self, source: str, reason: str) -> list[bytes]:
        """The bytes in quarantine."""
        return [bytes(row["raw"]) for row in self.history.problems(source, 500) if row["reason"] == reason]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    config = Path(shutil.copytree(TINY, tmp_path_factory.mktemp("c") / "city"))
    (config / "empty.mp4").touch()
    with Camera() as url:
        table = config / "cameras/cameras.toml"
        text = re.sub(r'url = "http:[^"]*"', f'url = "{url}"', table.read_text("utf-8"))
        text += CAMERA.format(id="cam-empty", url="file:empty.mp4")
        text += CAMERA.format(id="cam-hostile", url=f"file:{HOSTILE}") if HOSTILE.exists() else ""
        table.write_text(text, "utf-8")
        made = City(tmp_path_factory.mktemp("d"), config)
        try:
            yield made
        finally:
            made.history.close()
            made.stop()


@pytest.fixture(autouse=True)
def _good_traffic_goes_on(city: City) -> Iterator[None]:
    """Before and after every test; and every domain's version goes on."""
    city.good()
    before = {name: city.snapshot(name)["version"] for name in ("transit", "parking", "air", "cameras")}
    yield
    city.good()
    city.wait(lambda: all(city.snapshot(name)["version"] > number for name, number in before.items()))


def test_garbage_to_the_terminal_gateway(city: City) -> None:
    web = b"GET / HTTP/1.1\r\nHost: example\r\n\r\n"
    with Line(city.jt808) as line:
        line.send(web)
        assert line.until_closed() == b"", "no answer to what is no frame"
    city.wait(lambda: city.refused("transit", "jt808").get("garbage", 0) >= 1)
    city.wait(lambda: web in city.kept("jt808", "garbage"))


def test_half_a_frame_and_a_wrong_check_sum_from_a_terminal(city: City) -> None:
    with Terminal(city.jt808, TAXI) as taxi:
        taxi.sign_in()
        whole = jt808.frame(jt808.LOCATION, TAXI, 90, taxi.fix(118.02), v2019=False)
        broken = whole[:-2] + bytes([whole[-2] ^ 0x55]) + whole[-1:]
        taxi.send(broken)
        taxi.report(118.02)  # the same connection still works
        taxi.send(whole[:20])
        taxi.until_closed()
    city.wait(lambda: {"bad_check", "half_frame"} <= set(city.refused("transit", "jt808")))
    city.wait(lambda: any(broken[1:-1] in raw for raw in city.kept("jt808", "bad_check")))
    city.wait(lambda: any(whole[1:20] in raw for raw in city.kept("jt808", "half_frame")))


def test_a_terminal_with_a_clock_a_year_ahead(city: City) -> None:
    with Terminal(city.jt808, "34990120002", clock_s=YEAR_S) as taxi:
        body = taxi.sign_in().fix(118.02)
        assert taxi.ask(jt808.LOCATION, body).result == 0, "the frame is sound; it is the position that is not taken"
    city.wait(lambda: city.refused("transit", "jt808").get("clock_ahead") == 1)
    city.wait(lambda: body in city.kept("jt808", "clock_ahead"))
    snapshot = city.snapshot("transit")
    assert snapshot["sources"]["jt808"]["newest_observed_at"] < snapshot["built_at"], "the future makes nothing newer"


def test_an_unknown_terminal_waits_for_approval(city: City) -> None:
    with Terminal(city.jt808, STRANGER) as stranger:
        assert stranger.register().result == 4, "no such terminal"
        assert stranger.ask(jt808.LOCATION, stranger.fix(118.02)).result == 1
    refused = city.wait(lambda: _has(city.refused("transit", "jt808"), "unknown_terminal", "not_authenticated"))
    assert refused and city.snapshot("transit")["data"]["pending"] == 1


def test_bad_frames_to_the_station_gateway(city: City) -> None:
    garbage, good = b"\x00\xff\x10garbage that is no frame\r\n", station_report(STATION, 99.0)
    wrong = good[:-6] + (b"0000" if good[-6:-2] != b"0000" else b"1111") + b"\r\n"
    stranger = station_report("TINY349901XX220000000009", 99.0)
    with Line(city.hj212) as line:
        line.send(garbage + wrong + stranger + good[:40])
        assert line.until_closed() == b"", "nothing of it is confirmed"
    reasons = ("garbage", "crc", "unknown_mn", "not_a_frame")
    city.wait(lambda: _has(city.refused("air", "hj212"), *reasons))
    city.wait(lambda: all(city.kept("hj212", reason) for reason in reasons))
    assert any(wrong.strip() in raw for raw in city.kept("hj212", "crc"))
    assert any(stranger.strip() in raw for raw in city.kept("hj212", "unknown_mn"))


def test_an_unknown_lot_is_refused_and_its_neighbours_are_taken(city: City) -> None:
    before = city.snapshot("parking")["data"]["unknown_places"]
    answer = city.gates.post([entry("mixed-1"), {**entry("mixed-2"), "lot_id": "P99"}])
    assert answer["accepted"] == 1
    city.mixed += 1
    assert [row["status"] for row in answer["rows"]] == ["accepted", "refused"] and answer["rows"][1]["reason"] == "unknown_lot"
    city.wait(lambda: city.refused("parking", "parking-gate").get("unknown_lot") == 1)
    city.wait(lambda: any(b"P99" in raw for raw in city.kept("parking-gate", "unknown_lot")))
    assert city.snapshot("parking")["data"]["unknown_places"] == before + 1


def test_a_malformed_batch_and_a_bad_signature(city: City) -> None:
    body = b'[{"event_id": "x", "lot_id": "P01", '
    answer = city.gates.post_bytes(body)
    assert answer.status_code == 400 and answer.json()["error"]["code"] == "bad_json"
    forged = city.gates.post_bytes(json.dumps([entry("forged")]).encode(), signature="ab" * 32)
    assert forged.status_code == 401 and forged.json()["error"]["code"] == "bad_signature"
    for base, code in ((city.gates.base, "unsigned"), (city.base, "not_signed")):
        unsigned = httpx.post(f"{base}/api/v1/ingest/parking-gate", content=body, timeout=30, trust_env=False)
        assert unsigned.status_code == 401 and unsigned.json()["error"]["code"] == code
    city.wait(lambda: _has(city.refused("parking", "parking-gate"), "bad_json", "bad_signature", "unsigned"))
    city.wait(lambda: body in city.kept("parking-gate", "bad_json"))


def test_rows_that_are_no_events(city: City) -> None:
    rows = [7, {"colour": "red"}, {**berth(1, 1), "changed_at": "2026-11-24T08:00:00"}, {**berth(21, 1)}]
    answer = city.berths.post_bytes(json.dumps(rows).encode())
    assert answer.status_code == 200 and answer.json()["accepted"] == 0
    reasons = [row["reason"] for row in answer.json()["rows"]]
    assert reasons == ["not_an_object", "unknown_row", "naive_time", "berth_out_of_range"]
    city.wait(lambda: _has(city.refused("parking", "parking-berth"), *reasons))
    city.wait(lambda: all(city.kept("parking-berth", reason) for reason in reasons))


def test_an_empty_video_file(city: City) -> None:
    city.wait(lambda: _camera(city, "cam-empty")["detail"] == "empty_file")
    assert _camera(city, "cam-empty")["status"] == "offline"
    city.wait(lambda: city.refused("cameras", "video").get("empty_file", 0) >= 1)
    city.wait(lambda: city.kept("video", "empty_file"))


def test_a_hostile_video_file(city: City, shared: Path) -> None:
    """FFmpeg gives its 48×48 pictures, which are refused; a reader that aborts instead would be a crash. Never online."""
    told = city.wait(lambda: {_camera(city, "cam-hostile")[key] for key in ("status", "detail")} & {"crashed", "too_small"})
    reason = {"crashed": "decoder_crash", "too_small": "too_small"}[told.pop()]  # type: ignore[attr-defined]
    city.wait(lambda: city.refused("cameras", "video").get(reason, 0) >= 1)
    city.wait(lambda: city.kept("video", reason))
    city.wait(lambda: _camera(city, "cam-01")["status"] == "online", 90)  # the good camera beside it


def test_a_decoder_that_aborts_takes_no_camera_with_it(city: City) -> None:
    child = city.wait(lambda: city.child("data_sources.cameras.child"))
    child.send_signal(signal.SIGABRT)  # type: ignore[attr-defined]
    city.wait(lambda: any("child ended with code -6" in line for line in city.lines))
    city.wait(lambda: city.replaced("data_sources.cameras.child", child.pid))  # type: ignore[attr-defined]
    heard = city.snapshot("cameras")["built_at"]
    city.wait(lambda: _camera(city, "cam-01")["status"] == "online" and _camera(city, "cam-01")["last_frame_at"] > heard, 90)


def test_good_traffic_was_untouched(city: City) -> None:
    expected = {"lon": round(118.010 + city.sent * 1e-4, 4), "pm25": 30.0 + city.sent, "occupied": min(city.sent, 20),
                "cars": city.sent + city.mixed}

    def seen() -> dict[str, Any]:
        station = next(s for s in city.snapshot("air")["data"]["stations"] if s["mn"] == STATION)
        fleet = city.snapshot("transit")["data"]["fleet"]["lon"]
        road, lot = (_place(city, identity) for identity in ("R01", "P01"))
        return {"lon": round(min(fleet), 4), "pm25": station["values"]["pm25"], "occupied": road["occupied"], "cars": lot["arrivals_h"]}

    with contextlib.suppress(AssertionError):
        city.wait(lambda: seen() == expected)
    assert seen() == expected


def test_the_page_of_sources_shows_it(city: City) -> None:
    city.wait(lambda: city.refused("transit", "jt808").get("clock_ahead") and city.refused("parking", "parking-gate"))
    for lang, words in (("en", ("Check byte", "Check sum")), ("zh", ("校验",))):
        shown = city.client.get(f"/live/sources/desk/{lang}.json").text
        assert any(word.lower() in shown.lower() or word.encode("unicode_escape").decode() in shown for word in words), shown[:2000]
        for code in ("clock_ahead", "bad_signature", "unknown_mn", "garbage", "empty_file"):
            assert code in shown, f"{code} is the title of its row"


def test_a_configuration_with_five_errors_is_told_at_once(tmp_path: Path) -> None:
    config = Path(shutil.copytree(TINY, tmp_path / "city"))
    for name, old, new in (
        ("parking/places.csv", "on_street,20", "on_street,twenty"), ("air/stations.csv", "118.021000", "18.021000"),
        ("cameras/cameras.toml", 'area = "A01"', 'area = "A77"'), ("city.toml", 'air = "town"', 'air = "village"'),
        ("transit/vehicles.csv", "34990120003", "34990120002"),
    ):
        (config / name).write_text((config / name).read_text("utf-8").replace(old, new), "utf-8")
    told = []
    for command in (["check"], ["run", "--no-demo", "--data-dir", str(tmp_path / "data")]):
        done = subprocess.run(
            [sys.executable, str(ROOT / "app.py"), *command, "--config", str(config)], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 2
        told.append([line for line in (done.stdout + done.stderr).splitlines() if line.startswith("error: ")])
    assert told[0] == told[1] and len(told[0]) == 5
    for line, name in zip(told[0], ("city.toml:23", "vehicles.csv:6", "places.csv:3", "stations.csv:2", "cameras.toml:5"), strict=True):
        assert name in line and "expected" in line and "found" in line
    assert not (tmp_path / "data").exists(), "nothing was started"


def _has(counts: dict[str, int], *reasons: str) -> dict[str, int] | None:
    return counts if set(reasons) <= set(counts) else None


def _camera(city: City, identity: str) -> dict[str, Any]:
    found: dict[str, Any] = next(c for c in city.snapshot("cameras")["data"]["cameras"] if c["id"] == identity)
    return found


def _place(city: City, identity: str) -> dict[str, Any]:
    found: dict[str, Any] = next(p for p in city.snapshot("parking")["data"]["places"] if p["id"] == identity)
    return found
