"""Both cities load; a wrong configuration tells every error at once, with file, line and what was expected."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from core.city import City, load
from core.errors import BadConfiguration
from data_sources.registry import domains

TINY = Path(__file__).parent / "tiny"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the tiny city to break."""
    return Path(shutil.copytree(TINY, tmp_path / "city"))


@pytest.fixture(scope="session")
def luan() -> City:
    return load(Path(__file__).resolve().parents[2] / "config/luan", domains())


def errors(folder: Path) -> list[str]:
    with pytest.raises(BadConfiguration) as caught:
        load(folder, domains())
    found = caught.value.details["errors"]
    assert isinstance(found, list)
    for line in found:
        assert line in caught.value.message
    return found


def change(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text("utf-8")
    assert text.count(old) == 1, (name, old)
    (folder / name).write_text(text.replace(old, new), "utf-8")


def test_the_tiny_city_loads() -> None:
    city = load(TINY, domains())
    assert (city.id, city.code, len(city.departments)) == ("tiny", "349901", 1)
    expected = {
        "transit/roads.geojson": 7, "transit/vehicles.csv": 5, "parking/places.csv": 2, "air/stations.csv": 2,
        "cameras/cameras.toml": 1, "cameras/areas.csv": 1,
    }
    assert {name: len(city.tables[name]) for name in expected} == expected
    assert all(city.tables[name] for domain in domains() for name in domain.tables)
    place = city.tables["parking/places.csv"][0]
    assert (place.id, place.capacity, place.road, place.lon) == ("R01", 20, "main-01", 118.0118)
    assert city.tables["parking/places.csv"][1].road == ""  # an empty cell is the default
    assert city.tables["cameras/cameras.toml"][0].zone[0].polygon[0] == (0.60, 0.46)


def test_of_gives_a_domain_its_own_tables_only() -> None:
    city = load(TINY, domains())
    parking = next(domain for domain in domains() if domain.name == "parking")
    assert list(city.of(parking)) == ["parking/places.csv"]


def test_five_errors_are_five_complaints(folder: Path) -> None:
    change(folder, "parking/places.csv", "on_street,20", "on_street,twenty")
    change(folder, "air/stations.csv", "118.021000", "18.021000")
    change(folder, "cameras/cameras.toml", 'area = "A01"', 'area = "A77"')
    change(folder, "city.toml", 'air = "town"', 'air = "village"')
    change(folder, "transit/vehicles.csv", "34990120003", "34990120002")
    assert errors(folder) == [
        "city.toml:23: air: expected a department of this file, found 'village'",
        "transit/vehicles.csv:6: terminal: expected a unique value, found '34990120002' again "
        "(first at transit/vehicles.csv:5)",
        "parking/places.csv:3: capacity: expected a whole number, found 'twenty'",
        "air/stations.csv:2: lon, lat: expected a position inside the city, found 18.021, 30.502",
        "cameras/cameras.toml:5: area: expected a key of cameras/areas.csv, found 'A77'",
    ]


@pytest.mark.parametrize(
    ("name", "old", "new", "complaint"),
    [
        ("parking/places.csv", "id,name,", "id,nom,",
         "parking/places.csv:2: nom: no such column, expected some of id, name, name_en, kind, capacity, lon, lat, "
         "district, operator, road, free_min, unit_min, unit_fee_fen, day_cap_fen"),
        ("parking/places.csv", ",main-01,", ",main-09,",
         "parking/places.csv:3: road: expected a key of transit/roads.geojson, found 'main-09'"),
        ("parking/places.csv", "on_street,20", "kerb,20",
         "parking/places.csv:3: kind: expected one of on_street, off_street, found 'kerb'"),
        ("parking/places.csv", "on_street,20", "on_street,0",
         "parking/places.csv:3: capacity: expected 1 to 20000, found '0'"),
        ("parking/places.csv", "R01,正街（西段）", "R01,",
         "parking/places.csv:3: name: expected text, found nothing"),
        ("parking/places.csv", ",60,200,1200", ",60,200",
         "parking/places.csv:4: expected 14 cells, found 13"),
        ("air/stations.csv", "118.021000", "nan", "air/stations.csv:2: lon: expected a finite number, found 'nan'"),
        ("air/stations.csv", "118.026000,30.498000,349901", "118.026000,30.498000,341502",
         "air/stations.csv:3: district: expected one of 349901, found '341502'"),
        ("transit/roads.geojson", '"lanes":1,"limit_kmh":40,"district":"349901"},"geometry":{"type":"LineString",'
         '"coordinates":[[118.006,', '"lanes":"one","limit_kmh":40,"district":"349901"},"geometry":{"type":"LineString",'
         '"coordinates":[[118.006,', "transit/roads.geojson: feature 2: lanes: expected a whole number, found 'one'"),
        ("transit/roads.geojson", '"LineString","coordinates":[[118.006,30.505]',
         '"Point","coordinates":[[118.006,30.505]', "transit/roads.geojson: feature 2: geometry: expected a LineString"),
        ("cameras/cameras.toml", "dwell_s = 60", "dwell_s = -1",
         "cameras/cameras.toml:14: dwell_s: expected 1 to 86400, found '-1'"),
        ("cameras/cameras.toml", "dwell_s = 60", "dwel_s = 60",
         "cameras/cameras.toml:14: dwel_s: no such key, expected some of id, name, matter, dwell_s, polygon"),
        ("cameras/cameras.toml", "[0.60, 0.46]", "[1.60, 0.46]",
         "cameras/cameras.toml:15: polygon: expected three or more [x, y] points between 0 and 1"),
        ("cameras/cameras.toml", '"vehicle_parked"', '"vehicle_parkt"',
         "cameras/cameras.toml:13: matter: expected one of vehicle_parked, "),
        ("cameras/cameras.toml", "lon = 118.0252", "lon = = 118.0252", "cameras/cameras.toml:7: expected TOML: "),
        ("city.toml", 'timezone = "Asia/Shanghai"', 'timezone = "Asia/Luan"',
         "city.toml:7: timezone: expected a name like Asia/Shanghai, found 'Asia/Luan'"),
        ("city.toml", "urban = [118.000", "urban = [117.000", "city.toml:10: urban: expected a box inside bounds"),
        ("city.toml", 'air = "town"', 'weather = "town"', "city.toml:23: owners: expected a domain, found 'weather'"),
        ("map/districts.geojson", '"code":"349901"', '"code":"349902"',
         "map/districts.geojson:1: code: expected an outline of district 349901, found none"),
        ("map/water.geojson", "[118.07,30.484]", "[128.07,30.484]",
         "map/water.geojson: feature 0: geometry: expected positions inside the city, found 1 outside"),
        ("accounts.toml", 'role = "leader"', 'role = "king"',
         "accounts.toml:3: role: expected one of leader, department, officer, school, wall, admin, found 'king'"),
        ("accounts.toml", 'department = "town"', 'department = "village"',
         "accounts.toml:8: department: expected a department of city.toml, found 'village'"),
        ("calendar.toml", "last = 2026-02-23", "last = 2026-02-13",
         "calendar.toml:7: last: expected a day within 30 days after first"),
    ],
)
def test_each_kind_of_error_has_its_place(folder: Path, name: str, old: str, new: str, complaint: str) -> None:
    change(folder, name, old, new)
    found = errors(folder)
    assert found[0].startswith(complaint), found


def test_a_missing_file_is_one_complaint(folder: Path) -> None:
    (folder / "air/stations.csv").unlink()
    assert errors(folder) == ["air/stations.csv:1: expected this file, found none"]


def test_a_missing_city_is_told(folder: Path) -> None:
    (folder / "city.toml").unlink()
    assert errors(folder) == ["city.toml:1: expected this file, found none"]


def test_a_gbk_file_is_told_with_its_line(folder: Path) -> None:
    path = folder / "parking/places.csv"
    path.write_bytes(path.read_text("utf-8").encode("gbk"))
    assert errors(folder)[0].startswith("parking/places.csv:3: expected UTF-8 text")


def test_an_empty_file_is_told(folder: Path) -> None:
    (folder / "transit/vehicles.csv").write_text("", "utf-8")
    assert errors(folder) == ["transit/vehicles.csv:1: expected a header line, found an empty file"]


def test_a_byte_order_mark_from_a_spreadsheet_is_no_error(folder: Path) -> None:
    path = folder / "parking/places.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_text("utf-8").split("\n", 1)[1].encode())
    assert load(folder, domains()).id == "tiny"


def test_the_second_of_two_tables_is_found_by_line(folder: Path) -> None:
    path = folder / "cameras/cameras.toml"
    second = path.read_text("utf-8").replace("cam-01", "cam-02").replace("dwell_s = 60", 'dwell_s = "long"')
    path.write_text(path.read_text("utf-8") + "\n" + second, "utf-8")
    assert errors(folder) == ["cameras/cameras.toml:30: dwell_s: expected a number, found 'long'"]


def test_luan_has_what_the_design_asks_for(luan: City) -> None:
    places = luan.tables["parking/places.csv"]
    assert [sum(p.kind == kind for p in places) for kind in ("on_street", "off_street")] == [47, 18]
    assert len(luan.tables["cameras/areas.csv"]) == 13 == len(luan.tables["cameras/cameras.toml"])
    assert {camera.area for camera in luan.tables["cameras/cameras.toml"]} == {a.id for a in luan.tables["cameras/areas.csv"]}
    stations = luan.tables["air/stations.csv"]
    assert [sum(s.kind == kind for s in stations) for kind in ("national", "micro", "dust")] == [4, 16, 6]
    assert len(luan.districts) == 7
    assert {vehicle.kind for vehicle in luan.tables["transit/vehicles.csv"]} == {"bus", "taxi"}
    assert {"transit", "parking", "air", "cameras"} <= set(luan.owners) <= {domain.name for domain in domains()}


def test_luan_calendar(luan: City) -> None:
    working = luan.calendar.is_working_day
    assert not working(date(2026, 10, 1)) and not working(date(2026, 11, 22))
    assert working(date(2026, 10, 10)) and working(date(2026, 11, 23))
