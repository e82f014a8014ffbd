"""What workers said becomes statuses, findings and readings, whatever the order and however often."""

import random
from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import epoch, from_epoch
from core.observation import Message
from data_sources.cameras.build import State
from data_sources.cameras.intake import INTAKE
from data_sources.cameras.model import MATTERS, Area, Camera, Zone
from data_sources.cameras.wire.worker_messages import CameraEvent, CameraHealth, encode

NOW = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)  # 12:30 in Beijing
AT = epoch(NOW)
SQUARE = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0)]
CAMERAS = [
    Camera(id="c1", name="文庙街口", name_en="Wenmiao", area="A01", url="rtsp://x", lon=116.5, lat=31.75,
           zone=[Zone(id="z1", name="禁停区", matter="vehicle_parked", dwell_s=60, polygon=SQUARE)]),
    Camera(id="c2", name="广场", name_en="Square", area="A02", url="rtsp://y", lon=116.6, lat=31.76),
]
AREAS = [Area(id="A01", name="人民广场", name_en="Square", district="341502"),
         Area(id="A02", name="解放路", name_en="Jiefang", district="341502")]
STATIC = INTAKE.static({"cameras/cameras.toml": CAMERAS, "cameras/areas.csv": AREAS})


def health(camera="c1", at=AT - 3, status="online", standing=(), frame=AT - 4.0):
    return CameraHealth(camera=camera, at=at, status=status, last_frame_at=frame, has_picture=True, standing=standing)


def event(phase="open", at=AT - 100, name="c1-z1-1", ended=None, camera="c1", onset=AT - 160, evidence=()):
    return CameraEvent(id=name, camera=camera, zone="z1", matter="vehicle_parked", phase=phase, at=at, onset_at=onset,
                       alarm_at=onset + 60, ended_at=ended, dwell_s=60, box=(0.1, 0.2, 0.1, 0.1), confidence=0.9,
                       evidence=evidence)


def seen(*bodies):
    parsed = [INTAKE.parse(Message(source="video", received_at=NOW, payload=encode(body)), STATIC) for body in bodies]
    assert not any(p.problems for p in parsed)
    return [observation for p in parsed for observation in p.observations]


def built(*bodies, state=None, now=NOW):
    return INTAKE.build(state or State(began=AT - 7200), seen(*bodies), STATIC, now)


def test_nothing_heard_is_missing_and_not_zero() -> None:
    result = built()
    assert {r.state for r in result.readings.values()} == {"missing"}
    assert all(r.value is None for r in result.readings.values())
    assert [c.status for c in result.data.cameras] == ["starting", "starting"]
    assert result.expected == {"video": 2} and result.newest == {} and result.points == []


def test_a_healthy_camera_without_events_is_zero_and_not_missing() -> None:
    result = built(health(), health("c2"))
    assert result.readings["cameras.open_findings"].value == 0 and result.readings["cameras.open_findings"].state == "live"
    assert result.readings["cameras.online_share_pct"].value == 100
    assert result.newest["video"] == from_epoch(AT - 4)


def test_an_open_event_is_a_suspected_finding_with_code_and_place() -> None:
    result = built(event(evidence=("c1-z1-1-alarm",)), health(standing=("c1-z1-1",)))
    finding = result.findings[0]
    assert finding.code == "GB/T 47678.5-2026:09009" and finding.kind == "finding.cameras.vehicle_parked"
    assert finding.place == "文庙街口 · 禁停区" and finding.detail["status"] == "suspected"
    assert finding.value == 160 and finding.limit == 60 and finding.usual is None and finding.ended_at is None
    assert finding.evidence == ("c1-z1-1-alarm",)
    assert result.data.matrix == {"A01": {"vehicle_parked": 1}, "A02": {}}
    assert result.data.open_now == 1 and result.data.today["vehicle_parked"] == 1 and set(result.data.today) == set(MATTERS)
    assert result.readings["cameras.open_findings"].coverage == 0.5


def test_order_and_repetition_change_nothing() -> None:
    bodies = [event(evidence=("p",)), event("ended", at=AT - 20, ended=AT - 30), health(at=AT - 50, standing=("c1-z1-1",)),
              health(at=AT - 3), event(name="c1-z1-2", at=AT - 10, onset=AT - 70)]
    expected = msgspec.msgpack.encode(built(*bodies).findings)
    for seed in range(20):
        shuffled = bodies * 2
        random.Random(seed).shuffle(shuffled)
        state = None
        for body in shuffled[:5]:
            state = built(body, state=state).state
        assert msgspec.msgpack.encode(built(*shuffled, state=state).findings) == expected


def test_the_same_thing_seen_again_opens_again() -> None:
    first = built(event(), event("ended", at=AT - 80, ended=AT - 85), event(at=AT - 20), health(standing=("c1-z1-1",)))
    assert len(first.findings) == 1 and first.findings[0].ended_at is None


def test_what_its_camera_no_longer_knows_is_ended() -> None:
    result = built(event(), health(at=AT - 5, standing=()))
    assert result.findings[0].ended_at == from_epoch(AT - 5)
    assert built(event(), health(at=AT - 5, standing=None)).findings[0].ended_at is None


def test_a_silent_worker_is_offline_and_old_numbers_are_stale() -> None:
    state = built(health(), health("c2")).state
    later = built(state=state, now=NOW + timedelta(seconds=60))
    assert [c.status for c in later.data.cameras] == ["offline", "offline"]
    assert later.readings["cameras.open_findings"].state == "stale"


def test_since_is_when_the_status_began() -> None:
    state = built(health(at=AT - 60), health(at=AT - 50, status="frozen"), health(at=AT - 3, status="frozen")).state
    camera = built(state=state).data.cameras[0]
    assert camera.status == "frozen" and camera.since == from_epoch(AT - 50)


def test_days_are_the_citys_and_old_findings_go() -> None:
    yesterday = event(name="old", at=AT - 13 * 3600, onset=AT - 13 * 3600 - 60, ended=AT - 13 * 3600 + 5, phase="ended")
    result = built(yesterday, health())
    assert result.data.today["vehicle_parked"] == 0 and len(result.findings) == 1  # 23:30 in Beijing
    assert built(state=result.state, now=NOW + timedelta(hours=12)).findings == []


def test_hours_before_anything_was_watched_are_gaps() -> None:
    trend = built(event(), health()).data.hourly
    assert trend.values[-1] == 1 and trend.values[:20] == [None] * 20 and trend.values[-2] == 0


def test_unknown_cameras_and_clocks_ahead_are_problems() -> None:
    result = built(health("nobody"), health(at=AT + 9999))
    assert sorted(p.reason for p in result.problems) == ["camera_clock_ahead", "unknown_camera"]
    assert {c.status for c in result.data.cameras} == {"starting"}


def test_points_once_a_minute() -> None:
    first = built(health(), health("c2"))
    assert {p.measure for p in first.points} == set(first.readings)
    assert built(health(at=AT - 1), state=first.state, now=NOW + timedelta(seconds=2)).points == []


def test_state_survives_encoding() -> None:
    state = built(event(), health(standing=("c1-z1-1",))).state
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=State)
    assert msgspec.msgpack.encode(built(state=again).findings) == msgspec.msgpack.encode(built(state=state).findings)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.builds(lambda n, b: encode(health())[:n] + b, st.integers(0, 90), st.binary(max_size=20)))
def test_no_bytes_break_the_parser(payload: bytes) -> None:
    parsed = INTAKE.parse(Message(source="video", received_at=NOW, payload=payload), STATIC)
    assert len(parsed.observations) + len(parsed.problems) == 1
    if parsed.problems:
        assert parsed.problems[0].reason == "bad_worker_message" and parsed.problems[0].raw == payload


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_no_time_breaks_the_parser(at: float) -> None:
    INTAKE.parse(Message(source="video", received_at=NOW, payload=encode(health(at=at))), STATIC)


def unusable(at, status="offline", detail="empty_file", reconnects=1):
    return CameraHealth(camera="c1", at=at, status=status, detail=detail, reconnects=reconnects)


def test_a_video_that_cannot_be_read_is_a_problem_once_until_pictures_come_again() -> None:
    state = State(began=AT - 7200)
    reasons = []
    for body in (unusable(AT - 50), unusable(AT - 45), unusable(AT - 40, reconnects=9), health(at=AT - 30), unusable(AT - 20)):
        result = built(body, state=state)
        state = msgspec.msgpack.decode(msgspec.msgpack.encode(result.state), type=State)
        reasons += [(p.reason, p.entity) for p in result.problems]
    assert reasons == [("empty_file", "c1")] * 2


def test_every_death_of_the_decoder_is_a_problem() -> None:
    died = [unusable(AT - 13 + n, "crashed", "decoder_aborted", n // 3) for n in range(3, 12)]
    result = built(*died, health("c2"))
    assert [p.reason for p in result.problems] == ["decoder_crash"] * 3 and result.data.cameras[0].status == "crashed"
    assert [p.reason for p in built(*died, state=result.state).problems] == [], "reported again, counted once"


def test_a_camera_that_was_taken_down_takes_nothing_with_it() -> None:
    state = built(health("c2"), event(camera="c2", name="c2-z1-1", ended=None)).state
    fewer = INTAKE.static({"cameras/cameras.toml": CAMERAS[:1], "cameras/areas.csv": AREAS})
    result = INTAKE.build(state, seen(health()), fewer, NOW)
    assert [c.id for c in result.data.cameras] == ["c1"] and result.findings == []
    assert result.readings["cameras.open_findings"].value == 0
