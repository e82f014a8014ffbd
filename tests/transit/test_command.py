"""`python -m data_sources.transit decode jt808`."""

import io
import json

import pytest

from data_sources.transit.__main__ import main
from data_sources.transit.wire.jt808_frames import build_frame

from . import city


def test_a_position_in_words_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    wire = city.position("13800000004", city.NOW, lonlat=(116.5, 31.74)).hex(" ")
    assert main(["decode", "jt808", wire]) == 0
    assert "lat: 31.74" in capsys.readouterr().out
    assert main(["decode", "jt808", wire, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["frames"][0]["location"]["time"] == "2026-11-23T08:30:00+08:00"
    assert told["faults"] == []


def test_from_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(build_frame(2, b"", "1", 7).hex() * 2))
    assert main(["decode", "jt808", "-"]) == 0
    assert capsys.readouterr().out.count("serial: 7") == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("7E0801200500123456789002DE001A00022808000102547E", "bad_check at byte 1"),
        ("7E010040530100", "half_frame at byte 1"),
        ("7E0G", "character 4 is 'G'"),
        ("7E0", "incomplete"),
        ("", "nothing to decode"),
        (city.position("1", city.NOW, lonlat=(31.7, 116.3)).hex(), "refused"),
    ],
)
def test_what_is_wrong_where_and_exit_code(text: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decode", "jt808", text]) == 1
    assert says in capsys.readouterr().err
