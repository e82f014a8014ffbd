"""The demo's encoders, held to the shared vectors: what others decoded must come out of our fields byte for byte."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.cameras.rtp_jpeg import packets, scan
from demo.wire import hj212, ingest, jt808

T0 = datetime.fromisoformat("2026-11-24T08:00:00+08:00").timestamp()


def _cases(shared: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((shared / "vectors" / name).read_text("utf-8"))["cases"]
    return found


def test_frames_of_the_vectors_split_and_build_again(shared: Path) -> None:
    again = 0
    for case in _cases(shared, "jt808.json"):
        raw = bytes.fromhex(case["hex"])
        plain = jt808.split(bytearray(raw))
        assert len(plain) == 1, case["name"]
        expect = case["expect"]
        if expect["subpackage"] or expect["encrypt"]:
            continue
        new = bool(expect["version_flag"])
        body = plain[0][17 if new else 12:]
        whole = jt808.frame(int(expect["msg_id"], 16), expect["phone_bcd"], expect["serial"], body, v2019=new)
        if whole == raw:
            again += 1
    assert again >= 60  # the others carry reserved bits or another protocol version in their header


def test_a_location_carries_its_fields() -> None:
    fix = jt808.Fix(T0, 116.5, 31.75, 36.5, 271.0, occupied=True, mileage_km=1234.5, satellites=11)
    body = jt808.location(fix)
    assert int.from_bytes(body[8:12], "big") == 31_750_000 and int.from_bytes(body[12:16], "big") == 116_500_000
    assert body[18:20] == (365).to_bytes(2, "big") and body[20:22] == (271).to_bytes(2, "big")
    assert body[22:28].hex() == "261124080000"
    status = int.from_bytes(body[4:8], "big")
    assert status & 1 and status & 2 and status >> 8 & 3 == 3
    assert body[28:] == bytes((1, 4)) + (12345).to_bytes(4, "big") + bytes((0x31, 1, 11))


def test_a_location_of_the_vectors_is_reproduced(shared: Path) -> None:
    done = 0
    for case in _cases(shared, "jt808.json"):
        place = case["expect"].get("location")
        if not place or case["expect"]["msg_id"] != "0x0200" or not place.get("time"):
            continue
        plain = jt808.split(bytearray(bytes.fromhex(case["hex"])))[0]
        start = 17 if case["expect"]["version_flag"] else 12
        fix = jt808.Fix(
            datetime.fromisoformat(place["time"]).timestamp(), abs(place["lon"]), abs(place["lat"]), place["speed_kmh"],
            place["direction_deg"], altitude_m=place["altitude_m"], alarm=place["alarm"])
        ours = jt808.location(fix)
        assert ours[8:28] == plain[start + 8:start + 28], case["name"]
        done += 1
    assert done >= 20


@given(st.binary(max_size=300), st.integers(0, 65535), st.booleans())
@settings(max_examples=100)
def test_any_body_survives_framing(body: bytes, serial: int, new: bool) -> None:
    whole = jt808.frame(0x0200, "34150010001", serial, body, v2019=new)
    assert whole[0] == whole[-1] == 0x7E and b"\x7e" not in whole[1:-1]
    buffer = bytearray(b"noise" + whole + whole[:5])
    assert [plain[17 if new else 12:] for plain in jt808.split(buffer)] == [body]
    assert bytes(buffer) == whole[:5]


def test_answers_are_read_and_short_ones_left_alone() -> None:
    reply = jt808.frame(0x8100, "34150010001", 9, b"\x00\x05\x00CODE", v2019=False)
    assert jt808.answer(jt808.split(bytearray(reply))[0]) == jt808.Answer(0x8100, 5, 0x0100, 0, b"CODE")
    ack = jt808.frame(0x8001, "34150010001", 9, b"\x00\x07\x02\x00\x00", v2019=True)
    assert jt808.answer(jt808.split(bytearray(ack))[0]) == jt808.Answer(0x8001, 7, 0x0200, 0)
    assert jt808.answer(jt808.split(bytearray(jt808.frame(0x8001, "1", 9, b"\x00", v2019=False)))[0]) is None


def test_a_batch_of_many_fits_one_frame() -> None:
    body = jt808.location(jt808.Fix(T0, 116.5, 31.75, 0, 0, mileage_km=1, satellites=9))
    batch = jt808.batch([body] * 20, backfill=True)
    assert batch[:3] == b"\x00\x14\x01" and len(batch) == 3 + 20 * (2 + len(body)) < 1023


def test_crc_of_hj212_as_the_standard_has_it(shared: Path) -> None:
    assert hj212.crc(b"123456789") == "2F80"
    for check in json.loads((shared / "vectors/hj212.json").read_text("utf-8"))["crc_check"]:
        assert hj212.crc(check["segment"].encode()) == check["crc"]
    for case in _cases(shared, "hj212.json"):
        text = case["text"].strip()
        assert hj212.crc(text[6:-4].encode()) == case["expect"]["crc"].upper()


def test_a_report_is_one_frame_with_its_length() -> None:
    factors = {"a34004": {"Rtd": "35.1", "Flag": "N"}, "LA": {"Rtd": "61.0", "Flag": "N"}}
    whole = hj212.report("2011", "LA341500GK22000000000001", "22", T0, T0 + 0.25, factors, ack=True)
    assert whole.startswith(b"##") and whole.endswith(b"\r\n") and int(whole[2:6]) == len(whole) - 12
    assert b"QN=20261124080000250;ST=22;CN=2011;PW=123456;MN=LA341500GK22000000000001;Flag=5;" in whole
    assert b"CP=&&DataTime=20261124080000;a34004-Rtd=35.1,a34004-Flag=N;LA-Rtd=61.0,LA-Flag=N&&" in whole


def test_data_answers_are_found_in_a_stream() -> None:
    answer = hj212.frame("QN=20261124080000250;ST=91;CN=9014;PW=123456;MN=X;Flag=4;CP=&&&&")
    other = hj212.frame("QN=20261124080000251;ST=22;CN=1011;PW=123456;MN=X;Flag=5;CP=&&&&")
    assert hj212.answered(other + answer + answer[:20]) == ["20261124080000250"]


def test_signature_is_hmac_over_time_nonce_and_body(tmp_path: Path) -> None:
    import hashlib
    import hmac

    expected = hmac.new(b"k" * 32, b"1795500000.n1.[]", hashlib.sha256).hexdigest()
    assert ingest.signature(b"k" * 32, "1795500000", "n1", b"[]") == expected
    assert ingest.key_of(tmp_path, "parking-berth") is None
    (tmp_path / "keys/ingest").mkdir(parents=True)
    (tmp_path / "keys/ingest/parking-berth.key").write_text((b"k" * 32).hex() + "\n")
    assert ingest.key_of(tmp_path, "parking-berth") == b"k" * 32


def test_a_picture_in_rtp_packets_is_whole() -> None:
    import numpy as np

    from demo.cameras.stage import jpeg

    picture = jpeg(np.random.default_rng(1).integers(0, 255, (360, 640, 3), dtype=np.uint8))
    sent = packets(picture, 65_534, 90_000, 7)
    whole = b""
    for n, packet in enumerate(sent):
        assert int.from_bytes(packet[2:4], "big") == (65_534 + n) & 0xFFFF
        assert bool(packet[1] & 0x80) == (n == len(sent) - 1)
        assert int.from_bytes(packet[13:16], "big") == len(whole)
        whole += packet[20:] if n else packet[20 + 4 + 128:]
    assert whole == scan(picture).data and len(sent) > 10
    with pytest.raises(ValueError, match="no scan"):
        scan(b"\xff\xd8\xff\xd9")
