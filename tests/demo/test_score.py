"""Scoring: figures from known pairs, and an honest answer where there is too little."""

import sqlite3
from pathlib import Path

import msgspec
import pytest

from demo.__main__ import main
from demo.score import detection, mean_error
from demo.truth import TruthLog

T0 = 1_795_500_000.0


def test_errors_are_of_the_nearest_published_value() -> None:
    truth = [(T0 + 300 * k, 3.0) for k in range(4)]
    seen = [(T0 + 300 * k + 20, 3.5 if k < 2 else 2.0) for k in range(4)]
    assert mean_error(truth, seen, 60) == (0.75, 4)
    assert mean_error(truth, seen[:2], 60) is None  # two pairs are no figure
    assert mean_error(truth, seen, 10) is None


def test_detection_counts_what_is_right_and_what_was_due() -> None:
    stays = [{"id": "a", "camera": "cam-01", "at": T0, "until": T0 + 300, "dwell_s": 60.0},
             {"id": "b", "camera": "cam-02", "at": T0, "until": T0 + 300, "dwell_s": 60.0},
             {"id": "c", "camera": "cam-02", "at": T0 + 900, "until": T0 + 930, "dwell_s": 60.0}]
    findings = [{"entity": "cam-01", "at": int((T0 + 70) * 1e6)}, {"entity": "cam-03", "at": int((T0 + 70) * 1e6)}]
    assert detection(stays, findings) == {"findings": 2, "right": 1, "due": 2, "found": 1}
    assert detection([], []) is None


def _database(path: Path, values: list[float]) -> None:
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE series (measure, entity, at, value, state)")
        file.execute("CREATE TABLE finding (id, domain, kind, severity, at, ended_at, body)")
        rows = [("traffic.network_index", "", int((T0 + 300 * k) * 1e6), v, "live") for k, v in enumerate(values)]
        file.executemany("INSERT INTO series VALUES (?, ?, ?, ?, ?)", rows)
        body = msgspec.msgpack.encode({"entity": "cam-01", "at": "2026-11-24T07:00:00+00:00"})
        file.execute("INSERT INTO finding VALUES ('x', 'cameras', 'k', 'warning', 0, NULL, ?)", (body,))


def test_the_command_prints_figures_and_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", "--data-dir", str(tmp_path)]) == 1
    assert "no truth log" in capsys.readouterr().err
    log = TruthLog(tmp_path, 7)
    for k in range(5):
        log.write("links", T0 + 300 * k, index=4.0, speeds_kmh={})
    assert main(["score", "--data-dir", str(tmp_path)]) == 1
    assert "cannot be read" in capsys.readouterr().err
    _database(tmp_path / "city.sqlite", [4.5] * 5)
    assert main(["score", "--data-dir", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "0.50 over 5 pairs" in text and "not enough data" in text
