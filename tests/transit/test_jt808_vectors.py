"""Every frame of the shared vectors: decoded as expected, refused where it must be."""

from typing import Any

import pytest

from data_sources.transit.wire.jt808 import decode, describe, refusals
from data_sources.transit.wire.jt808_frames import Splitter, unescape

from .vectors import load

VECTORS = load("jt808.json")
GOOD, BAD, STREAMS = VECTORS["cases"], VECTORS["negative_cases"], VECTORS["stream_cases"]


def same(told: Any, expect: Any) -> None:
    """Every expected field equals what was decoded; floats to the wire's own resolution."""
    if isinstance(expect, dict):
        for key, value in expect.items():
            assert key in told, key
            same(told[key], value)
    elif isinstance(expect, list):
        assert len(told) == len(expect)
        for one, other in zip(told, expect, strict=True):
            same(one, other)
    elif isinstance(expect, float):
        assert told == pytest.approx(expect, abs=1e-9)
    else:
        assert told == expect


def test_the_vectors_are_all_here() -> None:
    assert (len(GOOD), len(BAD), len(STREAMS)) == (91, 11, 2)


@pytest.mark.parametrize("case", GOOD, ids=[f"{i}-{c['name']}" for i, c in enumerate(GOOD)])
def test_good_frame(case: dict[str, Any]) -> None:
    raw = bytes.fromhex(case["hex"])
    frames, rejects = decode(raw)
    assert not rejects
    assert len(frames) == 1
    same(describe(frames[0]), case["expect"])
    assert frames[0].wire == raw
    if "location" in case["expect"] and case["expect"]["location"]["positioned"]:
        assert refusals(frames[0]) == []


@pytest.mark.parametrize("case", BAD, ids=[f"{i}-{c['name']}" for i, c in enumerate(BAD)])
def test_negative_is_refused_with_a_reason(case: dict[str, Any]) -> None:
    raw = bytes.fromhex(case["hex"])
    frames, rejects = decode(raw)
    if "expect" in case:  # framing is sound, the position is not
        same(describe(frames[0]), case["expect"])
        reasons = refusals(frames[0])
        assert reasons
        assert set(reasons) == {"position_out_of_range"}
        return
    assert frames == []
    wanted = {
        "go-jt808 bad xor": "bad_check",
        "go-jt808 body length mismatch": "wrong_length",
        "go-jt808 short": "short_header",
        "go-jt808 no end flag": "half_frame",
    }[case["name"]]
    assert [r.reason for r in rejects] == [wanted]


def test_an_open_frame_waits_and_is_never_emitted() -> None:
    splitter = Splitter()
    assert splitter.feed(bytes.fromhex("7E010040530100")) == ([], [])
    assert splitter.held == 6


@pytest.mark.parametrize("case", STREAMS, ids=[c["name"] for c in STREAMS])
def test_stream(case: dict[str, Any]) -> None:
    wire = bytes.fromhex(case["hex_wire"])
    garbage, _, rest = wire.partition(b"\x7e")
    assert b"\x7e" + unescape(rest[:-1]) + b"\x7e" == bytes.fromhex(case["hex_unescaped"])
    _, rejects = decode(wire)  # the standard's example is too short to be a frame of its own
    assert [(r.reason, r.raw) for r in rejects][: bool(garbage)] == [("garbage", garbage)][: bool(garbage)]
    assert rejects[-1].reason == "short_header"


def test_subpackages_of_the_vectors_are_one_series() -> None:
    first, second = (decode(bytes.fromhex(c["hex"]))[0][0] for c in GOOD if c["name"].startswith("0x1205"))
    assert first.serial - first.no == second.serial - second.no
    assert (first.total, first.no, second.no) == (2, 1, 2)
