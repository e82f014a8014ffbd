"""`python -m data_sources.air`: what it prints, and how it ends on bad input."""

import json
from pathlib import Path
from typing import Any

import pytest

from data_sources.air.__main__ import main
from tests.air.fixtures import CLEAN, NOW, frame


def test_decode_a_file(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "frames.txt"
    path.write_bytes(frame("N1", NOW, CLEAN) + frame("N2", NOW, CLEAN))
    assert main(["decode", str(path), "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["fields"]["MN"] for line in lines] == ["N1", "N2"]
    assert lines[0]["factors"]["a34004"] == {"Rtd": "20.5", "Flag": "N"}


def test_decode_every_vector(shared: Path, tmp_path: Path, capsys: Any) -> None:
    vectors = json.loads((shared / "vectors/hj212.json").read_text("utf-8"))
    for case in vectors["cases"]:
        assert main(["decode", case["text"]]) == 0, case["name"]
    for case in vectors["negative_cases"]:
        assert main(["decode", case["text"]]) == 1, case["name"]
        assert case["expect_error"] in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"hello", b"##0999QN=1"])
def test_decode_refuses_what_is_no_frame(tmp_path: Path, capsys: Any, content: bytes) -> None:
    path = tmp_path / "bad.txt"
    path.write_bytes(content)
    assert main(["decode", str(path)]) == 1
    assert capsys.readouterr().err


def test_aqi_of_a_csv_by_date(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "hours.csv"
    path.write_text("time,station,pm25,pm10,so2,no2,co,o3\n2026-02-28T23:00,A,75,40,5,20,0.5,50\n2026-03-01,A,75,40,5,20,0.5,50\n")
    assert main(["aqi", str(path), "--json"]) == 0
    records = json.loads(capsys.readouterr().out)["records"]
    assert [(r["index"]["aqi"], r["index"]["standard"]) for r in records] == [(100, "HJ 633-2012"), (114, "HJ 633-2026")]
    assert main(["aqi", str(path), "--standard", "2012"]) == 0
    assert capsys.readouterr().out.count("AQI 100") == 2


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", "a,b\n1,2\n", "line 1"),
        ("b.json", '{"pm25": 3,\n "x": }', "line 2"),
        ("c.csv", "", "empty"),
        ("d.csv", "time,pm25\n2026-06-01,abc\n", "no concentrations"),
        ("e.csv", "time,pm25\n2026-06-01,12\n2026-06-01,abc\n", "line 3"),
        ("f.csv", "pm25\n12\n", "--standard"),
        ("g.json", "[1]", "record 1"),
    ],
)
def test_aqi_says_what_is_wrong_and_where(tmp_path: Path, capsys: Any, name: str, content: str, says: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    assert main(["aqi", str(path)]) == 1
    assert says in capsys.readouterr().err


def test_aqi_of_a_file_that_is_not_there(capsys: Any) -> None:
    assert main(["aqi", "/nowhere.csv"]) == 1
    assert "/nowhere.csv" in capsys.readouterr().err


def test_aqi_agrees_with_the_network(shared: Path, capsys: Any) -> None:
    assert main(["aqi", str(shared / "data/air/cnemc_20180220T07.json")]) == 0
    assert "1495 records, 1475 of 1475 agree" in capsys.readouterr().out
    assert main(["aqi", str(shared / "data/air/luan_cnemc.csv"), "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)["summary"]
    assert summary == {"records": 4, "compared": 4, "agree": 4}
