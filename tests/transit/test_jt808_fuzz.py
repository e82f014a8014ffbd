"""Hostile and unlucky input: nothing crashes, nothing is held without bound, chunking never matters."""

import itertools
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_sources.transit.wire import jt808_bodies as bodies
from data_sources.transit.wire.jt808 import decode, describe, refusals
from data_sources.transit.wire.jt808_frames import MAX_HELD, BadFrame, Splitter, build_frame, escape, unescape, xor

wires = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from([b"\x7e", b"\x7d", b"\x7d\x02", b"\x7e\x7e", b"\x00" * 13]),
        st.builds(
            build_frame, st.integers(0, 0xFFFF), st.binary(max_size=60), st.just("13800000001"), st.integers(0, 0xFFFF)
        ),
    ),
    max_size=12,
).map(b"".join)


@settings(max_examples=200, deadline=None)
@given(wires, st.lists(st.integers(0, 400), max_size=8))
def test_any_bytes_in_any_chunks(wire: bytes, cuts: list[int]) -> None:
    whole, _ = decode(wire)
    splitter, frames = Splitter(), []
    edges = [0, *sorted(min(c, len(wire)) for c in cuts), len(wire)]
    for start, end in itertools.pairwise(edges):
        got, rejects = splitter.feed(wire[start:end])
        frames += got
        assert splitter.held <= MAX_HELD
        assert all(r.reason and len(r.raw) <= 512 for r in rejects)
    assert frames == whole
    for frame in frames:
        assert describe(frame)["serial"] == frame.serial
        refusals(frame)


@settings(max_examples=200)
@given(
    st.integers(0, 0xFFFF),
    st.binary(max_size=1023),
    st.integers(0, 10**12 - 1),
    st.integers(0, 0xFFFF),
    st.sampled_from([None, 1]),
    st.sampled_from([None, (3, 2)]),
)
def test_encode_decode(msg_id, body, phone, serial, version, part) -> None:
    wire = build_frame(msg_id, body, str(phone), serial, protocol_version=version, part=part)
    (frame,), rejects = decode(wire)
    assert not rejects
    assert (frame.msg_id, frame.body, frame.terminal, frame.serial) == (msg_id, body, str(phone), serial)
    assert frame.v2019 == (version is not None)
    assert (frame.total, frame.no) == (part or (0, 0))


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_escape_and_check_byte(data: bytes) -> None:
    assert unescape(escape(data)) == data
    slow = 0
    for byte in data:
        slow ^= byte
    assert xor(data) == slow
    assert b"\x7e" not in escape(data)


@settings(max_examples=200)
@given(st.sampled_from([0x0200, 0x0704, 0x0201, 0x0801, 0x0100, 0x0102, 0x0001, 0x8001, 0x8100]), st.binary(max_size=120))
def test_any_body_is_described_or_refused(msg_id: int, body: bytes) -> None:
    for version in (None, 1):
        (frame,), _ = decode(build_frame(msg_id, body, "1", 0, protocol_version=version))
        told = describe(frame)
        assert told.get("body_error", "short_body") in ("short_body", "batch_too_long")


def test_a_flood_without_a_flag_is_dropped_and_counted_once() -> None:
    splitter = Splitter()
    counted = sum(len(splitter.feed(b"\x55" * 60_000)[1]) for _ in range(50))
    assert (counted, splitter.held) == (1, 0)
    good = build_frame(2, b"", "1", 7)
    assert [f.serial for f in splitter.feed(good + good)[0]] == [7, 7]
    splitter.feed(b"\x7e")
    counted = sum(len(splitter.feed(b"\x55" * 60_000)[1]) for _ in range(50))
    assert (counted, splitter.held) == (1, 0)
    assert [f.serial for f in splitter.feed(good)[0]] == [7]


def test_a_lost_flag_and_a_shared_flag_heal() -> None:
    one, two = build_frame(2, b"", "1", 1), build_frame(2, b"", "1", 2)
    frames, rejects = decode(one + two[1:] + b"\x24\x24" + one)  # shared flag, then noise
    assert [f.serial for f in frames] == [1, 2, 1]
    assert [r.reason for r in rejects] == ["garbage"]
    frames, rejects = decode(one[:8] + two + one)  # a frame breaks off, the next begins
    assert [f.serial for f in frames] == [2, 1]
    assert [r.reason for r in rejects] == ["short_header"]


def test_refusals_of_positions() -> None:
    def fix(lat: int, lon: int, status: int = 2, bcd: str = "260101120000") -> str:
        return bodies.location(struct.pack(">IIIIHHH", 0, status, lat, lon, 0, 0, 0) + bytes.fromhex(bcd)).refusal()

    assert fix(31_700_000, 116_500_000) == ""
    assert fix(116_500_000, 31_700_000) == "position_out_of_range"
    assert fix(0, 0) == "position_out_of_range"
    assert fix(31_700_000, 181_000_000) == "position_out_of_range"
    assert fix(31_700_000, 116_500_000, status=0) == "not_positioned"
    for bad in ("261301120000", "26010112006A", "ffffffffffff", "260230120000", "260101250000", "260101120060"):
        assert fix(31_700_000, 116_500_000, bcd=bad) == "time_not_bcd", bad


def test_a_truncated_tlv_tail_keeps_the_fix() -> None:
    body = bytes(28) + bytes.fromhex("0104000000643002")
    assert bodies.items(bodies.location(body).extras) == ([(1, bytes.fromhex("00000064"))], False)


def test_too_long_to_send() -> None:
    with pytest.raises(ValueError, match="sub-packages"):
        build_frame(2, bytes(1024), "1", 0)
    with pytest.raises(ValueError, match="digits"):
        build_frame(2, b"", "1" * 13, 0)
    with pytest.raises(BadFrame):
        unescape(b"\x7d\x03")


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([0x0200, 0x0704, 0x0201, 0x0801, 0x0100, 0x0102]), st.binary(max_size=90), st.booleans(), st.binary(max_size=20))
def test_parse_and_build_take_anything(msg_id: int, body: bytes, parted: bool, noise: bytes) -> None:
    from core.observation import Message
    from data_sources.transit.intake import INTAKE

    from . import city

    static = city.static()
    wire = noise + build_frame(msg_id, body, "13800000004", 1, part=(3, 2) if parted else None)
    parsed = INTAKE.parse(Message(source="jt808", received_at=city.NOW, payload=wire), static)
    assert all(p.reason and p.received_at for p in parsed.problems)
    INTAKE.build(INTAKE.empty(static, city.NOW), parsed.observations, static, city.NOW)
