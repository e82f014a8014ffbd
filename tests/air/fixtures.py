"""A small network of stations and the frames they send."""

from datetime import UTC, datetime, timedelta
from typing import Any

from core.clock import BEIJING
from core.observation import Message
from data_sources.air.intake import INTAKE
from data_sources.air.model import Station
from data_sources.air.wire import hj212

NOW = datetime(2026, 6, 10, 4, 30, tzinfo=UTC)  # 12:30 in Lu'an

CODE = {"pm25": "a34004", "pm10": "a34002", "so2": "a21026", "no2": "a21004", "co": "a21005", "o3": "a05024",
        "t_c": "a01001", "rh_pct": "a01002", "wind_ms": "a01007", "wind_deg": "a01008"}
CLEAN = {"pm25": 20.5, "pm10": 40.5, "so2": 6.0, "no2": 20.5, "co": 0.6, "o3": 80.5}


def station(mn: str, kind: Any = "national", lon: float = 116.50, lat: float = 31.75, **more: Any) -> Station:
    return Station(mn=mn, name=f"站{mn}", name_en=mn, kind=kind, st="39" if kind == "dust" else "22", lon=lon, lat=lat,
                   district="341502", **more)


STATIONS = [station("N1"), station("N2", lon=116.51), station("M1", "micro", lon=116.49), station("D1", "dust", lon=116.505)]


def static(rows: list[Station] | None = None) -> Any:
    return INTAKE.static({"air/stations.csv": STATIONS if rows is None else rows})


def stamp(at: datetime) -> str:
    return at.astimezone(BEIJING).strftime("%Y%m%d%H%M%S")


def frame(mn: str, at: datetime, values: dict[str, Any], cn: str = "2011", flag: int = 5, factor_flag: str = "N") -> bytes:
    suffix = "Rtd" if cn == "2011" else "Avg"
    items = ";".join(f"{CODE[k]}-{suffix}={v},{CODE[k]}-Flag={factor_flag}" for k, v in values.items())
    return hj212.encode(f"QN={stamp(at)}000;ST=22;CN={cn};PW=123456;MN={mn};Flag={flag};CP=&&DataTime={stamp(at)};{items}&&")


def message(raw: bytes, received_at: datetime = NOW) -> Message:
    return Message(source="hj212", received_at=received_at, payload=raw)


def reports(raws: list[bytes], rows: Any = None, received_at: datetime = NOW) -> list[Any]:
    known = rows if rows is not None else static()
    return [o for raw in raws for o in INTAKE.parse(message(raw, received_at), known).observations]


def minutes(mn: str, start: datetime, number: int, values: dict[str, Any], step_s: int = 60) -> list[bytes]:
    """`number` instant frames from `start`, wobbling a little so that nothing looks stuck."""
    return [
        frame(mn, start + timedelta(seconds=i * step_s), {k: round(v * (1 + 0.01 * (i % 3 - 1)), 3) for k, v in values.items()})
        for i in range(number)
    ]
