"""Transit and traffic: buses and taxis over JT/T 808, link states and the network index of GB/T 33171."""

from core.domain import Domain, SourceSpec
from core.measure import Band, Measure
from data_sources.transit.model import Segment, TransitData, Vehicle

DOMAIN = Domain(
    name="transit",
    route="/traffic",
    icon="traffic",
    cadence_s=1,
    data_type=TransitData,
    tables={"transit/roads.geojson": Segment, "transit/vehicles.csv": Vehicle},
    sources=(
        SourceSpec(
            id="jt808",
            protocol="JT/T 808",
            cadence_s=15,
            blinds=("traffic.network_index", "traffic.mean_speed_kmh", "traffic.online_share_pct",
                    "traffic.coverage_pct", "traffic.online_vehicles"),
        ),
    ),
    measures=(
        Measure(
            key="traffic.network_index",
            unit="",
            digits=1,
            better="low",
            low=0,
            high=10,
            standard="GB/T 33171-2016 附录 C",
            formula="Σ(w·TPI)/Σw, w = L × lanes; TPI from DTP = 1 − V/Vf",
            bands=(
                Band(2, "road.free", "road-free"),
                Band(4, "road.basic", "road-basic"),
                Band(6, "road.light", "road-light"),
                Band(8, "road.moderate", "road-moderate"),
                Band(None, "road.severe", "road-severe"),
            ),
        ),
        Measure(key="traffic.mean_speed_kmh", unit="km/h", digits=0, better="high", low=0, high=150,
                standard="GB/T 33171-2016 7.2", formula="Σw / Σ(w/V), w = L × lanes; V = Σ metres / Σ seconds of a link"),
        Measure(key="traffic.coverage_pct", unit="%", digits=0, better="high", low=0, high=100,
                formula="observed length / network length"),
        Measure(key="traffic.online_share_pct", unit="%", digits=0, better="high", low=0, high=100,
                formula="terminals with a fix inside 90 s / approved terminals"),
        Measure(key="traffic.online_vehicles", unit="", digits=0, better="high", low=0,
                formula="terminals with a fix inside 90 s"),
    ),
    headline=("traffic.network_index", "traffic.mean_speed_kmh", "traffic.coverage_pct", "traffic.online_share_pct"),
)
