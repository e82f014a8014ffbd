"""Parking places and air stations: from nearly empty to full, from clean to bad, some of them silent."""

from core.snapshot import Reading, Snapshot
from data_sources.air.model import AirData, StationState
from data_sources.parking.model import ParkingData, PlaceState
from tests.pages.samples.base import NOW, city, finding, reading, snapshot, trend


def parking() -> Snapshot:
    """Places from nearly empty to full, one unknown, one with faults."""
    states = []
    for i, place in enumerate(city().tables["parking/places.csv"]):
        unknown = i in (5, 50)
        known = 0 if unknown else max(1, place.capacity - (3 if i % 9 == 0 else 0))
        occupied = None if unknown else min(known, round(known * (0.35 + 0.66 * (i * 29 % 100) / 100)))
        berths = (
            ""
            if place.kind == "off_street"
            else "".join(
                "3"
                if unknown
                else "2"
                if i % 9 == 0 and n < 3
                else "1"
                if occupied is not None and (n * 7 + i) % known < occupied
                else "0"
                for n in range(place.capacity)
            )
        )
        states.append(
            PlaceState(
                id=place.id,
                occupied=occupied,
                free=None if occupied is None else known - occupied,
                capacity=place.capacity,
                known=known,
                faults=3 if i % 9 == 0 else 0,
                state="missing" if unknown else "stale" if i == 7 else "live",
                observed_at=None if unknown else NOW,
                arrivals_h=0 if unknown else 4 + i % 11,
                departures_h=0 if unknown else 3 + i % 7,
                berths=berths,
                trend=trend(96, 900, 20.0, 100.0 - i % 30, gaps=(10, 11)),
            )
        )
    return snapshot(
        "parking",
        ParkingData(
            places=states,
            trend=trend(96, 900, 34, 88),
            trend_on_street=trend(96, 900, 40, 93),
            trend_off_street=trend(96, 900, 25, 80),
            by_district={"341502": 84.0, "341503": 71.0, "341504": None},
            unknown_places=4,
        ),
        [
            reading("parking.occupancy_pct", 81.2, "%", coverage=0.96),
            reading("parking.free", 1264.0, coverage=0.96),
            reading("parking.on_street_occupancy_pct", 86.4, "%"),
            reading("parking.off_street_occupancy_pct", 77.3, "%"),
            reading("parking.full_places", 6.0),
            reading("parking.arrivals_h", 612.0, "/h"),
            reading("parking.coverage_pct", 96.0, "%"),
        ],
        [
            finding(
                "parking",
                "parking:R03:full",
                "finding.parking.full",
                "warning",
                22,
                entity="R03",
                place="人民路停车带",
                lon=116.511,
                lat=31.7585,
                value=100.0,
                usual=82.0,
                unit="%",
                owner="urban-management",
            )
        ],
    )


def air(*, blind: bool = False) -> Snapshot:
    """Stations of every kind; `blind` has no complete hour yet, so that the city's index is withheld."""
    states = []
    for i, station in enumerate(city().tables["air/stations.csv"]):
        gone = blind or i == 6
        aqi = None if gone else (62, 78, 71, 104, 156, 48, 0, 213, 88, 93)[i % 10]
        level = (
            None
            if aqi is None
            else next(n for n, top in enumerate((50, 100, 150, 200, 300, 999), start=1) if aqi <= top)
        )
        values = {
            "pm25": 38.0 + i,
            "pm10": 92.0 + 4 * i,
            "so2": 9.0,
            "no2": 41.0,
            "co": 0.8,
            "o3": 64.0,
            "t_c": 9.2,
            "rh_pct": 71.0,
            "wind_ms": 2.4,
            "wind_deg": 45.0,
        }
        states.append(
            StationState(
                mn=station.mn,
                values={} if gone else dict(values),
                hour_values={} if gone else dict(values),
                hour=None if gone else NOW.replace(minute=0),
                aqi=aqi,
                iaqi={} if gone else {"pm25": aqi, "pm10": 70},
                level=level,
                primary=("pm25",) if aqi else (),
                standard="HJ 633-2026",
                state="missing" if gone else "stale" if i == 9 else "live",
                flags=("flat_line",) if i == 3 else ("pm25_gt_pm10",) if i == 8 else (),
                observed_at=None if gone else NOW,
                trend=trend(24, 3600, 40, aqi or 90, gaps=(5,)),
                pm25_trend=trend(24, 3600, 20, 70),
            )
        )
    city_values = {"pm25": 57.0, "pm10": 92.0, "so2": 9.0, "no2": 41.0, "co": 0.8, "o3": None}
    return snapshot(
        "air",
        AirData(
            stations=states,
            standard="HJ 633-2026",
            aqi=None if blind else 78,
            level=None if blind else 2,
            primary=() if blind else ("pm25",),
            city_values={} if blind else dict(city_values),
            aqi_trend=trend(24, 3600, 42, 128, gaps=(7,)),
            pm25_trend=trend(24, 3600, 22, 90),
            pm10_trend=trend(24, 3600, 50, 140),
            o3_trend=trend(24, 3600, 20, 110),
            wind_ms=2.4,
            wind_deg=45.0,
            t_c=9.2,
            rh_pct=71.0,
            by_district={"341502": 78, "341503": 66, "341525": 41, "341524": None},
        ),
        [
            Reading(
                measure="air.aqi",
                value=None,
                unit="",
                observed_at=None,
                source="hj212",
                state="withheld",
                why="air.why.no_hour",
            )
            if blind
            else reading("air.aqi", 78.0, source="hj212", coverage=0.9),
            reading("air.pm25_ug_m3", None if blind else 57.0, "µg/m³"),
            reading("air.pm10_ug_m3", None if blind else 92.0, "µg/m³"),
            reading("air.o3_ug_m3", None, "µg/m³"),
            reading("air.coverage_pct", 91.0, "%"),
        ],
        [
            finding(
                "air",
                "air:dust:1",
                "finding.air.dust_site",
                "warning",
                35,
                entity=city().tables["air/stations.csv"][-1].mn,
                place="长安路工地",
                lon=116.527,
                lat=31.739,
                value=186.0,
                usual=81.0,
                unit="µg/m³",
                owner="ecology",
            )
        ],
    )
