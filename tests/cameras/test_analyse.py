"""`analyse` on recorded clips: the labelled stop is found, quiet clips stay quiet, hostile files harm nobody."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from data_sources.cameras.__main__ import Refused, analyse, main, times_of, zones_of

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run([sys.executable, "-m", "data_sources.cameras", "analyse", *arguments, "--json"],
                          capture_output=True, text=True, cwd=ROOT, check=False)
    return done.returncode, json.loads(done.stdout)


def test_the_labelled_stop_at_the_kerb_and_nothing_else(shared: Path, tmp_path: Path) -> None:
    video = shared / "data/video"
    truth = json.loads((video / "GROUND_TRUTH.json").read_text())["street_kerb_A.mp4"]
    zone = [[x / 640, y / 480] for x, y in truth["zone_no_stopping_640x480"]]
    zones = tmp_path / "zones.json"
    zones.write_text(json.dumps([{"id": "kerb", "polygon": zone}]))
    code, result = run(str(video / "street_kerb_A.mp4"), "--zones", str(zones),
                       "--timestamps", str(video / "street_kerb_A.timestamps.csv"))
    assert code == 0 and len(result["events"]) == 1
    event, stop = result["events"][0], truth["events"][0]
    assert abs(event["onset_s"] - stop["offset_s"][0]) <= 8
    assert abs(event["ended_s"] - stop["offset_s"][1]) <= 8
    assert event["alarm_s"] - event["onset_s"] <= 60 + 8
    x, y, width, height = event["box_xywh"]
    a, b, w, h = stop["bbox_xywh_640x480"]
    assert x < a + w / 2 < x + width and y < b + h / 2 < y + height


@pytest.mark.parametrize("clip", ["vtest_480x360.avi", "car-detection.mp4", "cdnet_highway.avi", "carPark.mp4",
                                  "caltrans_w92.mp4", "caltrans_dusk.mp4", "one-by-one-person-detection.mp4"])
def test_quiet_clips_stay_quiet(shared: Path, clip: str) -> None:
    code, result = run(str(shared / "data/video" / clip))
    assert code == 0 and result["samples"] >= 2
    assert result["events"] == []


@pytest.mark.parametrize("clip", ["crash_rawvideo_48x48.avi"])
def test_a_hostile_file_is_an_error_and_no_more(shared: Path, clip: str) -> None:
    code, result = run(str(shared / "data/video" / clip))
    assert code == 1 and not result["ok"] and clip in result["error"]


@pytest.mark.parametrize(("content", "said"), [(b"", "empty"), (b"\x00\x01garbage" * 99, "video"), (None, "no such file")])
def test_bad_files_say_what_is_wrong(tmp_path: Path, content: bytes | None, said: str) -> None:
    clip = tmp_path / "clip.mp4"
    if content is not None:
        clip.write_bytes(content)
    code, result = run(str(clip))
    assert code == 1 and said in result["error"]


def test_an_abort_of_the_decoder_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = tmp_path / "python"
    child.write_text("#!/bin/sh\nkill -ABRT $$\n")
    child.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(child))
    with pytest.raises(Refused, match="aborted .SIGABRT."):
        analyse(tmp_path / "x.mp4", zones_of(None, None), [], 4.0)


@pytest.mark.parametrize("text", ["", "frame\n1\n", "unix_time\nx\n", "unix_time\n5\n4\n"])
def test_bad_time_stamps_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(Refused, match=r"t\.csv"):
        times_of(path)


@pytest.mark.parametrize("text", ["{", "[{}]", '[{"polygon": [[0, 0], [1, 1]]}]', '[{"polygon": [[0, 0], [5, 1], [1, 1]]}]'])
def test_bad_zones_are_refused(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "z.json"
    path.write_text(text)
    assert main(["analyse", "clip.mp4", "--zones", str(path)]) == 1
    assert "z.json" in capsys.readouterr().err
