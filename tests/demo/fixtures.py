"""The demo's own small city for tests: a grid of streets, some lots, stations, vehicles and two cameras."""

import csv
import json
from functools import lru_cache
from pathlib import Path

CENTRE = (116.52, 31.75)
STEP = (0.0055, 0.0047)  # about 520 m
ZONES = """
[[camera]]
id = "cam-a"
name = "A"
area = "A01"
url = "rtsp://127.0.0.1:6554/cam-a"
lon = 116.52
lat = 31.75
[[camera.zone]]
id = "cam-a-z1"
name = "no parking"
matter = "vehicle_parked"
dwell_s = 60
polygon = [[0.575, 0.440], [0.685, 0.440], [0.935, 0.880], [0.675, 0.880]]
[[camera.zone]]
id = "cam-a-z2"
name = "no stalls"
matter = "street_vendor"
dwell_s = 120
polygon = [[0.010, 0.600], [0.215, 0.420], [0.295, 0.440], [0.115, 0.720]]
[[camera]]
id = "cam-b"
name = "B"
area = "A01"
url = "http://127.0.0.1:6555/camera/cam-b.mjpg"
lon = 116.53
lat = 31.75
"""


def write_city(folder: Path, size: int = 9, vehicles: int = 12) -> Path:
    """A `size` × `size` grid of two-way streets with everything else around its middle."""
    half = size // 2
    features = []
    for row in range(size):
        for k in range(size - 1):
            for name, a, b in (
                (f"ew{row}-{k}", (k - half, row - half), (k + 1 - half, row - half)),
                (f"ns{row}-{k}", (row - half, k - half), (row - half, k + 1 - half)),
            ):
                line = [[CENTRE[0] + x * STEP[0], CENTRE[1] + y * STEP[1]] for x, y in (a, b)]
                features.append({"type": "Feature", "geometry": {"type": "LineString", "coordinates": line}, "properties": {
                    "id": name, "name": name, "name_en": name, "road_class": "arterial" if row == half else "secondary",
                    "lanes": 2, "limit_kmh": 50, "district": "341502"}})
    for part in ("transit", "air", "parking", "cameras"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    collection = {"type": "FeatureCollection", "features": features}
    (folder / "transit/roads.geojson").write_text(json.dumps(collection), "utf-8")
    fleet = [(f"3415001{n:04d}", "bus" if n % 3 == 0 else "taxi", f"皖N演{n:04d}", "op", "1" if n % 3 == 0 else "") for n in range(vehicles)]
    _csv(folder / "transit/vehicles.csv", ("terminal", "kind", "plate", "operator", "line"), fleet)
    stations = [("LA341500GK22000000000001", "national", "22", 0.0, 0.001, "ug/m3", "ug/m3"),
                ("LA341500WZ22000000000001", "micro", "22", 0.004, 0.0, "mg/m3", "mg/m3"),
                ("LA341500YC39000000000001", "dust", "39", -0.01, -0.01, "ng/m3", "ug/m3")]
    _csv(folder / "air/stations.csv", ("mn", "name", "name_en", "kind", "st", "lon", "lat", "district", "pm_unit", "gas_unit"),
         [(mn, mn, mn, kind, st, CENTRE[0] + x, CENTRE[1] + y, "341502", pm, gas) for mn, kind, st, x, y, pm, gas in stations])
    lots = [(f"R{n:02d}", "on_street", 30, 0.002 * n - 0.005, 0.001 * (n % 3)) for n in range(6)]
    lots += [(f"P{n:02d}", "off_street", 200, 0.004 * n - 0.004, -0.002) for n in range(3)]
    _csv(folder / "parking/places.csv", ("id", "name", "name_en", "kind", "capacity", "lon", "lat", "district", "operator"),
         [(i, i, i, kind, cap, CENTRE[0] + x, CENTRE[1] + y, "341502", "op") for i, kind, cap, x, y in lots])
    (folder / "cameras/cameras.toml").write_text(ZONES, "utf-8")
    return folder


@lru_cache
def world(seed: int = 7):  # type: ignore[no-untyped-def]
    """One world shared by the tests of a process: it is never changed."""
    import tempfile

    from demo import city
    from demo.world.city_world import World

    with tempfile.TemporaryDirectory() as folder:
        return World(city.load(write_city(Path(folder))), seed)


def _csv(path: Path, names: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows(rows)
