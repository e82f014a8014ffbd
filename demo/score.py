"""`python -m demo score`: what the product published against the sealed truth log. Says so where there is too little."""

import argparse
import bisect
import json
import sqlite3
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from demo.truth import read

LEAST = 3  # pairs below which no figure is given
Series = list[tuple[float, float]]


class Product:
    """The product's history, read through its public API or, read-only, from its SQLite file."""

    def __init__(self, api: str, token: str, database: str) -> None:
        self.api, self.token = api.rstrip("/"), token
        self.file = sqlite3.connect(f"file:{database}?mode=ro", uri=True) if database else None

    def series(self, measure: str, start: float, end: float) -> Series:
        """(POSIX seconds, value) of a measure of the whole city."""
        for entity in ("city", ""):
            found = self._file(measure, entity) if self.file is not None else self._history(measure, entity, start, end)
            found = sorted(p for p in found if start <= p[0] <= end)
            if found:
                return found
        return []

    def findings(self, start: float, end: float) -> list[dict[str, Any]]:
        """Camera findings of the interval: at least `entity` and `at`."""
        if self.file is None:
            found = self._get("/api/v1/snapshots/cameras").get("findings", [])
        else:
            rows = self._rows("SELECT body FROM finding WHERE domain = 'cameras'")
            found = [msgspec.msgpack.decode(row["body"]) for row in rows]
        return [f for f in found if start <= _seconds(f["at"]) <= end]

    def _history(self, measure: str, entity: str, start: float, end: float) -> Series:
        query = urllib.parse.urlencode({"measure": measure, "entity": entity, "from": _iso(start), "to": _iso(end)})
        return [(_seconds(row[0]), float(row[1])) for row in self._get(f"/api/v1/history?{query}")["points"]]

    def _file(self, measure: str, entity: str) -> Series:
        rows = self._rows("SELECT at, value FROM series WHERE measure = ? AND entity = ?", measure, entity)
        return [(_seconds(row["at"]), float(row["value"])) for row in rows]

    def _rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        assert self.file is not None
        cursor = self.file.execute(query, values)
        names = [c[0] for c in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def _get(self, path: str) -> Any:
        request = urllib.request.Request(self.api + path)
        if self.token:
            request.add_header("Cookie", self.token)
            request.add_header("Authorization", f"Bearer {self.token}")
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)


def _iso(t: float) -> str:
    return datetime.fromtimestamp(t, UTC).isoformat()


def _seconds(value: Any) -> float:
    """POSIX seconds of a time in JSON (ISO 8601 with a zone), in msgpack (aware) or in the database (microseconds)."""
    if isinstance(value, (int, float)):
        return value / 1e6
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return at.timestamp()


def mean_error(truth: Series, seen: Series, within_s: float) -> tuple[float, int] | None:
    """(mean absolute error, pairs) of each true value against the nearest published one; None below `LEAST` pairs."""
    times = [t for t, _ in seen]
    errors = []
    for at, value in truth:
        n = bisect.bisect(times, at)
        near = min((k for k in (n - 1, n) if 0 <= k < len(seen)), key=lambda k: abs(times[k] - at), default=None)
        if near is not None and abs(times[near] - at) <= within_s:
            errors.append(abs(seen[near][1] - value))
    return (sum(errors) / len(errors), len(errors)) if len(errors) >= LEAST else None


def detection(truth: Iterable[dict[str, Any]], findings: Iterable[dict[str, Any]]) -> dict[str, float | int] | None:
    """Precision and recall of camera findings: a finding is right when a true stay in its camera holds at its begin.

    True stays count when longer than their zone's dwell plus 30 s; None when there is neither stay nor finding.
    """
    stays, found = list(truth), list(findings)
    if not stays and not found:
        return None
    hit: set[str] = set()
    right = 0
    for finding in found:
        begin, entity = _seconds(finding["at"]), str(finding.get("entity", ""))
        match = [s for s in stays if entity.startswith(s["camera"]) and s["at"] - 30 <= begin <= s["until"] + 60]
        right += bool(match)
        hit |= {s["id"] for s in match}
    due = [s for s in stays if s["until"] - s["at"] >= s["dwell_s"] + 30]
    return {"findings": len(found), "right": right, "due": len(due), "found": sum(s["id"] in hit for s in due)}


def figures(rows: list[dict[str, Any]], product: Product, start: float, end: float) -> dict[str, Any]:
    """All figures of the interval."""
    kinds: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if start <= row["at"] <= end:
            kinds.setdefault(row["kind"], []).append(row)
    index = [(r["at"], r["index"]) for r in kinds.get("links", [])]
    share = [(r["at"], 100 * sum(r["occupied"].values()) / sum(r["capacity"].values())) for r in kinds.get("parking", [])]
    pm25 = _hours(kinds.get("air", []))
    seen = product.series("cameras.online_share_pct", start, end)
    watched = seen[0][0] + 60 if seen else end  # what happened before the product looked cannot count against it
    events = [e for e in kinds.get("camera_event", []) if e["at"] >= watched and e["at"] + e["dwell_s"] + 60 <= end]
    return {
        "network index MAE": mean_error(index, product.series("traffic.network_index", start, end), 330),
        "occupancy MAE, points": mean_error(share, product.series("parking.occupancy_pct", start, end), 330),
        "PM2.5 MAE, µg/m³": mean_error(pm25, product.series("air.pm25_ug_m3", start, end), 60),
        "camera events": detection(events, product.findings(watched, end)),
    }


def _hours(rows: list[dict[str, Any]]) -> Series:
    """Hourly means of true PM2.5 over the national stations (by the code in their numbers), labelled by the hour's start.

    An hour counts when at least nine of its twelve five-minute rows are there.
    """
    hours: dict[float, list[float]] = {}
    for row in rows:
        values = [v["pm25"] for mn, v in row["stations"].items() if "GK" in mn]
        if values:
            hours.setdefault(row["at"] // 3600 * 3600, []).append(sum(values) / len(values))
    return [(hour, sum(v) / len(v)) for hour, v in sorted(hours.items()) if len(v) >= 9]


def score_command(given: argparse.Namespace) -> int:
    """Print the figures; exit code 1 when nothing could be compared."""
    rows = read(Path(given.data_dir))
    if not rows:
        print(f"no truth log under {given.data_dir}/truth: run the demo city first", file=sys.stderr)
        return 1
    database = given.database
    if not given.api and not database:
        database = str(Path(given.data_dir) / "city.sqlite")
    end = float(rows[-1]["at"])
    try:
        found = figures(rows, Product(given.api, given.token, database), end - given.hours * 3600, end)
    except (OSError, sqlite3.Error) as error:
        print(f"the product's history cannot be read: {error}", file=sys.stderr)
        return 1
    if given.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        for name, value in found.items():
            print(f"{name:24} {_words(value)}")
    return 0 if any(value is not None for value in found.values()) else 1


def _words(value: Any) -> str:
    if value is None:
        return "not enough data"
    if isinstance(value, dict):
        precision = f"{value['right']}/{value['findings']}" if value["findings"] else "no findings yet"
        recall = f"{value['found']}/{value['due']}" if value["due"] else "nothing was due yet"
        return f"precision {precision}, recall {recall}"
    return f"{value[0]:.2f} over {value[1]} pairs"
