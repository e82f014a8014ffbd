"""The city as its vendors know it: rows of `config/<city>/` read as plain data."""

import csv
import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Road:
    """One road between two junctions. Coordinates are (lon, lat), WGS-84."""

    id: str
    name: str
    road_class: str
    lanes: int
    limit_kmh: float
    district: str
    oneway: bool
    geometry: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class City:
    """What the demo needs of a city. Rows of CSV files stay dictionaries of text."""

    roads: tuple[Road, ...]
    vehicles: tuple[Mapping[str, str], ...]
    stations: tuple[Mapping[str, str], ...]
    places: tuple[Mapping[str, str], ...]
    cameras: tuple[Mapping[str, Any], ...]
    centre: tuple[float, float]
    folder: Path = field(default=Path())


def load(folder: Path) -> City:
    """Read the folder; a missing file means that vendor does not exist here."""
    roads = _roads(folder / "transit" / "roads.geojson")
    cameras = folder / "cameras" / "cameras.toml"
    listed = tomllib.loads(cameras.read_text(encoding="utf-8")).get("camera", []) if cameras.exists() else []
    places = _rows(folder / "parking" / "places.csv")
    return City(
        roads=roads, vehicles=_rows(folder / "transit" / "vehicles.csv"), places=places,
        stations=_rows(folder / "air" / "stations.csv"), cameras=tuple(listed), centre=_centre(roads), folder=folder,
    )


def _rows(path: Path) -> tuple[Mapping[str, str], ...]:
    if not path.exists():
        return ()
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = (line for line in file if not line.startswith("#"))
        return tuple(row for row in csv.DictReader(lines))


def _roads(path: Path) -> tuple[Road, ...]:
    if not path.exists():
        return ()
    roads = []
    for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
        p = feature["properties"]
        roads.append(Road(
            id=str(p.get("id") or feature["id"]), name=p.get("name", ""), road_class=p.get("road_class", "branch"),
            lanes=int(p.get("lanes", 1)), limit_kmh=float(p.get("limit_kmh", 40)), district=str(p.get("district", "")),
            oneway=bool(p.get("oneway", False)),
            geometry=tuple((float(c[0]), float(c[1])) for c in feature["geometry"]["coordinates"]),
        ))
    return tuple(roads)


def _centre(roads: tuple[Road, ...]) -> tuple[float, float]:
    """Where the streets are densest: the median junction."""
    points = [point for road in roads for point in (road.geometry[0], road.geometry[-1])]
    if not points:
        return (116.5232, 31.7348)
    lon, lat = sorted(p[0] for p in points), sorted(p[1] for p in points)
    return lon[len(lon) // 2], lat[len(lat) // 2]


def metres(origin: tuple[float, float], point: tuple[float, float]) -> tuple[float, float]:
    """East and north of `origin` in metres on a local plane; good to 0.1 % over 50 km."""
    return (
        (point[0] - origin[0]) * 111_320 * math.cos(math.radians(origin[1])),
        (point[1] - origin[1]) * 110_940,
    )
