"""A road with ten berths, a car park for twenty, and the rows they send."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from core.observation import Message
from data_sources.contract import Built
from data_sources.parking.intake import INTAKE
from data_sources.parking.model import Place
from data_sources.parking.state import ParkingState

NOW = datetime(2026, 6, 10, 4, 7, tzinfo=UTC)  # 12:07 in Lu'an
RECEIVED = NOW


def place(name: str, kind: Any, capacity: int, district: str = "341502") -> Place:
    return Place(id=name, name=f"场{name}", name_en=name, kind=kind, capacity=capacity, lon=116.5, lat=31.75,
                 district=district, operator="op")


ROWS = [place("R01", "on_street", 10), place("P01", "off_street", 20, "341503")]
STATIC = INTAKE.static({"parking/places.csv": ROWS})


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def berth(number: int, status: Any, at: datetime, lot: str = "R01") -> dict[str, Any]:
    return {"berth_id": f"{lot}-{number:03d}", "lot_id": lot, "status": status, "changed_at": at.isoformat()}


def gate(identity: str, way: str, at: datetime, lot: str = "P01") -> dict[str, Any]:
    return {"event_id": identity, "lot_id": lot, "dir": way, "at": at.isoformat()}


def count(vacant: int, at: datetime, lot: str = "P01", total: int = 20) -> dict[str, Any]:
    return {"lot_id": lot, "total": total, "vacant": vacant, "observed_at": at.isoformat()}


def observations(rows: list[Any], received_at: datetime = RECEIVED, static: Any = STATIC) -> list[Any]:
    source = "parking-berth" if rows and isinstance(rows[0], dict) and "berth_id" in rows[0] else "parking-gate"
    message = Message(source=source, received_at=received_at, payload=json.dumps(rows).encode())
    return INTAKE.parse(message, static).observations


def built(*batches: list[Any], now: datetime = NOW, state: ParkingState | None = None, received_at: datetime | None = None) -> Built:
    """Batches in one build; each is a request of its own."""
    merged = [o for rows in batches for o in observations(rows, received_at or now)]
    return INTAKE.build(state or ParkingState(), merged, STATIC, now)


def of(result: Built, name: str) -> Any:
    return next(p for p in result.data.places if p.id == name)


def all_berths(taken: int, at: datetime) -> list[dict[str, Any]]:
    return [berth(n, int(n <= taken), at) for n in range(1, 11)]
