"""Devices over real sockets: registration, acknowledgements, re-sending, memory for gaps, signed posts, video."""

import asyncio
import time
from pathlib import Path

import pytest

from demo.cameras.studio import Studio
from demo.options import Options
from demo.send import terminal as terminals
from demo.send.lots import Feed, Operator, feeds
from demo.send.stations import Network
from demo.send.tally import Tally
from demo.send.terminal import Terminal
from demo.truth import TruthLog, read
from demo.wire import jt808
from demo.world import calendar
from tests.demo.fixtures import world
from tests.demo.platform import Platform


async def _until(condition, seconds: float = 10.0) -> None:  # type: ignore[no-untyped-def]
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


def _body() -> bytes:
    return jt808.location(jt808.Fix(time.time(), 116.5, 31.75, 30, 90, mileage_km=1, satellites=9))


@pytest.mark.parametrize("new", [False, True])
async def test_a_terminal_registers_once_and_authenticates_each_time(new: bool) -> None:
    async with Platform() as platform:
        device = Terminal("34150010001", "皖N演B001", "127.0.0.1", platform.ports["jt808"], Tally(), v2019=new)
        task = asyncio.create_task(device.run())
        await _until(lambda: device.online)
        device.report(_body())
        await _until(lambda: platform.heard[jt808.LOCATION] == 1)
        platform.hang_up()
        await _until(lambda: platform.heard[jt808.AUTHENTICATE] == 2)
        assert platform.heard[jt808.REGISTER] == 1
        task.cancel()


async def test_what_could_not_be_sent_comes_later_as_backfill() -> None:
    async with Platform() as platform:
        device = Terminal("34150010001", "皖N演B001", "127.0.0.1", platform.ports["jt808"], Tally())
        for _ in range(45):
            device.report(_body())
        task = asyncio.create_task(device.run())
        await _until(lambda: platform.heard[jt808.BATCH] >= 2 and not device.memory)
        batches = [f for f in platform.frames if f[:2] == b"\x07\x04"]
        assert sum(int.from_bytes(f[12:14], "big") for f in batches) == 45
        assert all(f[14] == 1 and len(f) < 1040 for f in batches)
        assert platform.heard[jt808.LOCATION] == 0
        task.cancel()


async def test_without_acknowledgement_it_sends_again_and_then_gives_the_link_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminals, "ACK_WAIT_S", 0.2)
    tally = Tally()
    async with Platform() as platform:
        device = Terminal("34150010001", "皖N演B001", "127.0.0.1", platform.ports["jt808"], tally)
        task = asyncio.create_task(device.run())
        await _until(lambda: device.online)
        platform.mute = True
        body = _body()
        device.report(body)
        await _until(lambda: tally.counts["jt808"]["links_lost"] >= 1)
        assert platform.heard[jt808.LOCATION] == 1 + terminals.RESENDS
        assert list(device.memory) == [body]  # kept for the next connection
        task.cancel()


async def test_a_platform_that_hangs_up_is_called_again() -> None:
    tally = Tally()
    async with Platform() as platform:
        device = Terminal("34150010001", "皖N演B001", "127.0.0.1", platform.ports["jt808"], tally)
        task = asyncio.create_task(device.run())
        await _until(lambda: device.online)
        platform.hang_up()
        await _until(lambda: tally.counts["jt808"]["sessions"] >= 2, 15)
        assert tally.counts["jt808"]["links_lost"] == 1 and not task.done()
        task.cancel()


async def test_a_damaged_frame_is_refused_and_repaired_by_sending_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminals, "ACK_WAIT_S", 0.2)
    async with Platform() as platform:
        device = Terminal("34150010001", "皖N演B001", "127.0.0.1", platform.ports["jt808"], Tally(),
                          damage=lambda frame: frame[:-3] + bytes((frame[-3] ^ 1,)) + frame[-2:])
        task = asyncio.create_task(device.run())
        await _until(lambda: device.online)
        device.report(_body())
        await asyncio.sleep(0.1)
        assert platform.heard[jt808.LOCATION] == 0
        await _until(lambda: platform.heard[jt808.LOCATION] == 1)
        task.cancel()


async def test_stations_report_and_bring_a_day_of_hours() -> None:
    async with Platform() as platform:
        network = Network(world(), "127.0.0.1", platform.ports["hj212"], Tally())
        task = asyncio.create_task(network.run())
        sound = [s for s in network.stations if s.ill.of(s.mn, time.time()) is None]
        await _until(lambda: all(len(s.confirmed) >= 4 for s in sound), 15)
        task.cancel()
        kinds = {text.split("CN=")[1][:4] for text in platform.reports}
        assert kinds == {"2011", "2061"}
        by_unit = {s.mn: next(t for t in platform.reports if s.mn in t) for s in network.stations if s in sound}
        for mn, text in by_unit.items():
            value = float(text.split("a34004-")[1].split("=")[1].split(",")[0])
            low, high = {"GK": (5, 300), "WZ": (0.005, 0.3), "YC": (5e3, 3e5)}[mn[8:10]]
            assert low < value < high, text
        assert platform.heard["hj212"] >= 0.9 * len(platform.reports)


async def test_operators_sign_and_send_state_counts_and_the_past_day(tmp_path: Path) -> None:
    async with Platform() as platform:
        (tmp_path / "keys/ingest").mkdir(parents=True)
        for source in ("parking-berth", "parking-gate"):
            (tmp_path / f"keys/ingest/{source}.key").write_text(platform.key.hex())
        url = f"http://127.0.0.1:{platform.ports['ingest']}"
        carriers = feeds(world(), url, tmp_path, Tally())
        tasks = [asyncio.create_task(feed.run()) for feed in carriers]
        await _until(lambda: len(platform.rows) >= 4, 15)
        for task in tasks:
            task.cancel()
        paths = {path for path, _ in platform.rows}
        assert paths == {"/api/v1/ingest/parking-berth", "/api/v1/ingest/parking-gate"}
        assert all(len(rows) <= 500 for _, rows in platform.rows)
        rows = [row for _, some in platform.rows for row in some]
        assert {"berth_id", "vacant", "dir"} <= {key for row in rows for key in row}


async def test_a_wrong_key_is_told_apart_from_a_dead_line(tmp_path: Path) -> None:
    async with Platform() as platform:
        (tmp_path / "keys/ingest").mkdir(parents=True)
        (tmp_path / "keys/ingest/parking-gate.key").write_text((b"x" * 32).hex())
        tally = Tally()
        url = f"http://127.0.0.1:{platform.ports['ingest']}"
        feed = Feed(Operator(world(), "parking-gate", False), url, tmp_path, tally)
        task = asyncio.create_task(feed.run())
        await _until(lambda: tally.counts.get("parking-gate", {}).get("refused_401", 0) >= 1)
        assert platform.rows == [] and len(feed.live) > 0  # nothing is thrown away
        task.cancel()


def test_rows_of_the_past_add_up_to_the_present() -> None:
    operator = Operator(world(), "parking-gate", False)
    operator.ill.day = lambda day: {}  # type: ignore[method-assign]
    a = calendar.service_start(calendar.service_day(1_795_500_000)) + 4 * 3600
    b = a + 6 * 3600
    vacant = {row["lot_id"]: row["vacant"] for row in operator.counts(a)}
    for row in operator.rows(a, b):
        vacant[row["lot_id"]] += 1 if row["dir"] == "out" else -1
    assert vacant == {row["lot_id"]: row["vacant"] for row in operator.counts(b)}


def test_berths_of_the_past_lead_to_the_standing_state() -> None:
    operator = Operator(world(), "parking-berth", True)
    operator.ill.day = lambda day: {}  # type: ignore[method-assign]
    b = calendar.service_start(calendar.service_day(1_795_500_000)) + 6 * 3600
    last = {row["berth_id"]: row["status"] for row in operator.rows(b - 86_400, b)}
    standing = {row["berth_id"]: row["status"] for row in operator.standing(b)}
    assert len(standing) == sum(p.capacity for p in operator.places)
    assert {k: standing[k] for k in last} == last


async def test_cameras_answer_over_http_and_rtsp_and_rest_when_unwatched(tmp_path: Path, unused_tcp_port_factory) -> None:  # type: ignore[no-untyped-def]
    rtsp, mjpeg = unused_tcp_port_factory(), unused_tcp_port_factory()
    tally, truth = Tally(), TruthLog(tmp_path, 7)
    studio = Studio(world(), Options(camera_port=rtsp, mjpeg_port=mjpeg), truth, tally)
    task = asyncio.create_task(studio.run())
    await asyncio.sleep(0.2)
    assert tally.counts == {}  # nobody watches, nothing is drawn
    reader, writer = await asyncio.open_connection("127.0.0.1", mjpeg)
    writer.write(b"GET /camera/cam-b.mjpg HTTP/1.1\r\nHost: x\r\n\r\n")
    async with asyncio.timeout(10):
        text = await reader.readuntil(b"\xff\xd9\r\n--frame\r\n")
    assert b"multipart/x-mixed-replace" in text and b"\xff\xd8" in text
    writer.close()
    reader, writer = await asyncio.open_connection("127.0.0.1", rtsp)

    async def ask(line: str, extra: str = "") -> str:
        writer.write(f"{line} RTSP/1.0\r\nCSeq: 1\r\n{extra}\r\n".encode())
        async with asyncio.timeout(10):
            return (await reader.readuntil(b"\r\n\r\n")).decode()

    url = f"rtsp://127.0.0.1:{rtsp}/cam-a"
    assert "404" in await ask(f"DESCRIBE {url}x")
    described = await ask(f"DESCRIBE {url}")
    await reader.readexactly(int(described.split("Content-Length: ")[1].split("\r\n")[0]))
    assert "461" in await ask(f"SETUP {url}/trackID=0", "Transport: RTP/AVP;unicast;client_port=4000-4001\r\n")
    assert "200 OK" in await ask(f"SETUP {url}/trackID=0", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n")
    assert "200 OK" in await ask(f"PLAY {url}")
    async with asyncio.timeout(10):
        head = await reader.readexactly(4)
    assert head[:2] == b"$\0"
    writer.close()
    await _until(lambda: all(c.watchers == 0 for c in studio.cameras.values()))
    task.cancel()


def test_the_truth_log_is_sealed_and_counts_a_fact_once(tmp_path: Path) -> None:
    log = TruthLog(tmp_path, 7)
    for _ in range(2):
        log.write("links", 1_795_500_000, index=3.2)
    log.write("fault", 1_795_500_000, id="x")
    with (tmp_path / "truth/2026-11-24.jsonl").open("a") as file:
        file.write('{"kind": "torn')
    assert [row["kind"] for row in read(tmp_path)] == ["links", "fault"]
    assert log.folder.stat().st_mode & 0o077 == 0
