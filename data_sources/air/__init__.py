"""Air: stations over HJ 212, AQI by the HJ 633 edition in force at the time of observation."""

from core.domain import Domain, SourceSpec
from core.measure import Band, Measure
from data_sources.air.model import AirData, Station

AQI_BANDS = (
    Band(50, "aqi.1", "aqi-1"),
    Band(100, "aqi.2", "aqi-2"),
    Band(150, "aqi.3", "aqi-3"),
    Band(200, "aqi.4", "aqi-4"),
    Band(300, "aqi.5", "aqi-5"),
    Band(None, "aqi.6", "aqi-6"),
)
_BLIND = ("air.aqi", "air.pm25_ug_m3", "air.pm10_ug_m3", "air.o3_ug_m3")

DOMAIN = Domain(
    name="air",
    route="/air",
    icon="air",
    cadence_s=3,
    data_type=AirData,
    tables={"air/stations.csv": Station},
    sources=(
        SourceSpec(id="hj212", protocol="HJ 212-2017", cadence_s=60, blinds=_BLIND),
    ),
    measures=(
        Measure(key="air.aqi", unit="", digits=0, better="low", low=0, high=500, bands=AQI_BANDS,
                standard="HJ 633-2026 / HJ 633-2012", formula="max IAQI over 1-hour means"),
        Measure(key="air.pm25_ug_m3", unit="µg/m³", digits=0, better="low", low=0, high=1000, standard="GB 3095-2026"),
        Measure(key="air.pm10_ug_m3", unit="µg/m³", digits=0, better="low", low=0, high=2000, standard="GB 3095-2026"),
        Measure(key="air.o3_ug_m3", unit="µg/m³", digits=0, better="low", low=0, high=1200, standard="GB 3095-2026"),
        Measure(key="air.no2_ug_m3", unit="µg/m³", digits=0, better="low", low=0, high=3840, standard="GB 3095-2026"),
        Measure(key="air.so2_ug_m3", unit="µg/m³", digits=0, better="low", low=0, high=2620, standard="GB 3095-2026"),
        Measure(key="air.co_mg_m3", unit="mg/m³", digits=1, better="low", low=0, high=150, standard="GB 3095-2026"),
        Measure(key="air.pm25_5min_ug_m3", unit="µg/m³", digits=0, better="low", low=0, high=1000,
                formula="mean of the national stations over 5 min"),
        Measure(key="air.coverage_pct", unit="%", digits=0, better="high", low=0, high=100,
                formula="stations heard inside 2 cadences / stations"),
    ),
    headline=("air.aqi", "air.pm25_ug_m3", "air.pm10_ug_m3", "air.coverage_pct"),
)
