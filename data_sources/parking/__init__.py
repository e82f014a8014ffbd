"""Parking: occupancy of roads with berths and of car parks from signed berth and gate events."""

from core.domain import Domain, SourceSpec
from core.measure import Band, Measure
from data_sources.parking.model import ParkingData, Place

DOMAIN = Domain(
    name="parking",
    route="/parking",
    icon="parking",
    cadence_s=2,
    data_type=ParkingData,
    tables={"parking/places.csv": Place},
    sources=(
        SourceSpec(id="parking-berth", protocol="HTTP+HMAC", cadence_s=60,
                   blinds=("parking.occupancy_pct", "parking.free", "parking.on_street_occupancy_pct")),
        SourceSpec(id="parking-gate", protocol="HTTP+HMAC", cadence_s=60,
                   blinds=("parking.occupancy_pct", "parking.free", "parking.off_street_occupancy_pct")),
    ),
    measures=(
        Measure(key="parking.occupancy_pct", unit="%", digits=0, better="low", low=0, high=100,
                formula="Σ occupied / Σ capacity over places with known state",
                bands=(Band(60, "parking.easy", "load-easy"), Band(85, "parking.busy", "load-busy"),
                       Band(95, "parking.tight", "load-tight"), Band(None, "parking.full", "load-full"))),
        Measure(key="parking.free", unit="", digits=0, better="high", low=0,
                formula="Σ idle berths + Σ (capacity − vehicles inside)"),
        Measure(key="parking.on_street_occupancy_pct", unit="%", digits=0, better="low", low=0, high=100),
        Measure(key="parking.off_street_occupancy_pct", unit="%", digits=0, better="low", low=0, high=100),
        Measure(key="parking.full_places", unit="", digits=0, better="low", low=0,
                formula="places with occupancy > 95 %"),
        Measure(key="parking.arrivals_h", unit="/h", digits=0, low=0),
        Measure(key="parking.departures_h", unit="/h", digits=0, low=0),
        Measure(key="parking.coverage_pct", unit="%", digits=0, better="high", low=0, high=100,
                formula="berths and spaces with a known state / capacity"),
    ),
    headline=("parking.occupancy_pct", "parking.free", "parking.full_places", "parking.coverage_pct"),
    extra={"references": {"parking/places.csv": {"road": "transit/roads.geojson"}}},
)
