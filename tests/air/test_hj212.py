"""HJ 212 frames: every vector, every negative, the stream, sub-packets, answers, and fuzz."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadMessage
from data_sources.air.intake import INTAKE
from data_sources.air.wire import hj212
from data_sources.air.wire.subpackets import Assembler
from tests.air.fixtures import CLEAN, NOW, frame, message, static


@pytest.fixture(scope="session")
def vectors(shared: Path) -> Any:
    return json.loads((shared / "vectors/hj212.json").read_text("utf-8"))


def test_check_sum(vectors: Any) -> None:
    assert len(vectors["crc_check"]) == 3
    for case in vectors["crc_check"]:
        assert f"{hj212.crc16(case['segment'].encode()):04X}" == case["crc"], case["source"]


def test_every_good_frame(vectors: Any) -> None:
    assert len(vectors["cases"]) == 17
    for case in vectors["cases"]:
        frame_, expect = hj212.decode(case["text"].encode()), case["expect"]
        fields = dict(expect["fields"])
        flag = fields.pop("_flag", None)
        assert (frame_.crc, frame_.length, frame_.fields) == (expect["crc"], expect["length"], fields), case["name"]
        assert (frame_.cp, frame_.factors) == (expect["cp"], expect["factors"]), case["name"]
        if flag is not None:
            assert frame_.flag == hj212.Flag(flag["version"], flag["has_packet_no"], flag["need_ack"])


def test_every_negative_is_refused_with_a_reason(vectors: Any) -> None:
    assert len(vectors["negative_cases"]) == 7
    for case in vectors["negative_cases"]:
        with pytest.raises(BadMessage) as caught:
            hj212.decode(case["text"].encode())
        assert caught.value.reason in ("crc", "length")
        assert caught.value.message == case["expect_error"]


def test_whole_file_as_one_stream_with_garbage(vectors: Any) -> None:
    good = [case["text"].encode() for case in vectors["cases"]]
    splitter = hj212.Splitter()
    stream = b"\x00\xff noise " + b"HTTP/1.1 GET".join(good)
    found = [piece for i in range(0, len(stream), 7) for piece in splitter.feed(stream[i : i + 7])]
    assert [raw.rstrip() for raw in found] == [raw.rstrip() for raw in good]  # a sound frame need not wait for its line end
    strange = len(b"\x00\xff noise ") + 16 * len(b"HTTP/1.1 GET")
    assert strange <= splitter.garbage_bytes <= strange + 2 * len(good)


def test_half_frame_does_not_hide_the_next_one() -> None:
    whole = frame("N1", NOW, CLEAN)
    splitter = hj212.Splitter()
    assert splitter.feed(whole[:60]) == []
    pieces = splitter.feed(whole)
    assert pieces == [whole[:60], whole]
    with pytest.raises(BadMessage):
        hj212.decode(pieces[0])


def test_frame_without_line_end_is_taken_at_once() -> None:
    whole = frame("N1", NOW, CLEAN)[:-2]
    assert hj212.Splitter().feed(whole) == [whole]


def test_too_short_length_in_a_stream_is_cut_at_its_line_end() -> None:
    bad, good = b"##0900QN=1;ST=22;CP=&&&&ABCD\r\n", frame("N1", NOW, CLEAN)
    assert hj212.Splitter().feed(bad + good) == [bad, good]


def test_endless_garbage_stays_bounded() -> None:
    splitter = hj212.Splitter()
    splitter.feed(b"##9999")
    for _ in range(100):
        assert splitter.feed(b"x" * 4_000) == []
        assert len(splitter.buffer) <= hj212.MAX_BUFFER + 4_006
    assert splitter.garbage_bytes > 300_000 and len(splitter.garbage) <= 16


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (lambda raw: raw[:-6] + raw[-6:-2].lower() + raw[-2:], "lower_case_crc"),
        (lambda raw: raw[:-6] + raw[-4:-2] + raw[-6:-4] + raw[-2:], "crc_swapped"),
        (lambda raw: hj212.encode(raw[6:-6].decode() + ";"), "cp_semicolon"),
        (lambda raw: hj212.encode(raw[6:-6].decode().replace("QN=20260610123000000;", "").replace("Flag=5;", "")), "no_qn"),
    ],
)
def test_dialects_are_taken_and_noted(change: Any, note: str) -> None:
    raw = b""
    for at in range(50):  # until the check sum has letters and two different bytes
        raw = frame("N1", NOW, {**CLEAN, "pm25": 20 + at})
        crc = raw[-6:-2]
        if crc != crc.lower() and crc[:2] != crc[2:]:
            break
    raw = frame("N1", NOW, {**CLEAN, "pm25": 20 + at})
    parsed = INTAKE.parse(message(change(raw)), static())
    assert len(parsed.observations) == 1
    assert note in {p.reason for p in parsed.problems if p.kept}


def test_length_in_characters_is_a_dialect_of_chinese_text() -> None:
    segment = f"QN=1;ST=22;CN=2011;PW=1;MN=N1;Flag=4;CP=&&DataTime={'20260610123000'};name=测站&&"
    data = segment.encode()
    raw = b"##%04d%b%04X\r\n" % (len(segment), data, hj212.crc16(data))
    assert hj212.Splitter().feed(raw) == [raw]
    assert "length_in_characters" in dict(hj212.decode(raw).notes)


def test_answers() -> None:
    asked = hj212.decode(frame("N1", NOW, CLEAN, flag=5))
    reply = hj212.answer(asked)
    assert reply is not None
    got = hj212.decode(reply)
    assert (got.fields["ST"], got.command, got.mn) == ("91", "9014", "N1")
    assert got.fields["QN"] == asked.fields["QN"] and got.fields["Flag"] == "4" and got.cp == {}
    assert hj212.answer(hj212.decode(frame("N1", NOW, CLEAN, flag=4))) is None
    clock = hj212.decode(hj212.encode("QN=20260610123000000;ST=22;CN=1013;PW=1;MN=N1;Flag=5;CP=&&PolId=a&&"))
    reply = hj212.answer(clock)
    assert reply is not None and hj212.decode(reply).command == "9013"


def packets(order: list[int]) -> list[bytes]:
    head = "QN=20260610123000000;ST=22;CN=2011;PW=123456;MN=N1;Flag=7"
    items = ["DataTime=20260610123000;a34004-Rtd=20.5,a34004-Flag=N", "a34002-Rtd=40.5,a34002-Flag=N", "a21026-Rtd=6,a21026-Flag=N"]
    return [hj212.encode(f"{head};PNUM=3;PNO={n};CP=&&{items[n - 1]}&&") for n in order]


def test_sub_packets_in_any_order_give_one_report() -> None:
    assembler = Assembler()
    ready = [whole for raw in packets([2, 3, 1]) for whole in assembler.add(raw, hj212.decode(raw), NOW)]
    assert len(ready) == 1 and ready[0].complete
    parsed = INTAKE.parse(message(b"".join(ready[0].raws)), static())
    assert parsed.observations[0].values == {"pm25": 20.5, "pm10": 40.5, "so2": 6.0}


def test_a_lost_sub_packet_times_out_and_the_rest_is_kept() -> None:
    assembler = Assembler()
    for raw in packets([1, 3]):
        assert assembler.add(raw, hj212.decode(raw), NOW) == []
    late = assembler.expired(NOW + timedelta(seconds=61))
    assert len(late) == 1 and not late[0].complete and len(late[0].raws) == 2


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_fuzz_decode_only_refuses(data: bytes) -> None:
    for raw in (data, b"##" + data, b"##%04d" % len(data) + data + b"%04X" % hj212.crc16(data)):
        try:
            hj212.decode(raw, swapped=True)
        except BadMessage:
            pass


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(st.binary(max_size=60), st.just(frame("N1", NOW, CLEAN)), st.just(b"##0101QN="), st.just(b"\r\n"))))
def test_fuzz_stream_loses_no_byte_silently(parts: list[bytes]) -> None:
    splitter, total = hj212.Splitter(), b"".join(parts)
    taken = sum(len(piece) for part in parts for piece in splitter.feed(part))
    left = len(splitter.buffer)
    blank = len([b for b in total if b in b"\r\n \x00"])
    assert taken + left + splitter.garbage_bytes <= len(total) <= taken + left + splitter.garbage_bytes + blank


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80), st.sampled_from(["2011", "2051", "2061", "2031", "9014", "xx"]))
def test_fuzz_any_content_parses_without_raising(text: str, cn: str) -> None:
    raw = hj212.encode(f"QN=1;ST=22;CN={cn};PW=1;MN=N1;Flag=5;CP=&&DataTime={text};a34004-Rtd={text},a34004-Flag=N&&")
    parsed = INTAKE.parse(message(raw, datetime(2026, 6, 10, tzinfo=UTC)), static())
    assert len(parsed.observations) <= 1
