"""The drawer of parking: one road or car park, berth by berth where berths have sensors."""

from dash import html
from dash.development.base_component import Component

from components import chart, kpi, table
from components import format as fmt
from components.contract import Viewing
from core.snapshot import Snapshot
from data_sources.parking.model import ParkingData, Place, PlaceState
from pages.map_layers import load, name_of, occupancy, rows


def place(key: str, snapshot: Snapshot, viewing: Viewing) -> Component | None:
    """Free spaces, how they are known, berths, turnover, the day's course, the tariff."""
    known = rows(viewing, "parking/places.csv").get(key)
    data: ParkingData = snapshot.data
    state = next((p for p in data.places if p.id == key), None)
    if not isinstance(known, Place) or state is None:
        return None
    parts: list[Component] = [
        html.H2(name_of(known, viewing)),
        html.P(
            viewing.t("detail.parking.sub", kind=viewing.t(f"parking.kind.{known.kind}"), operator=known.operator),
            className="sub",
        ),
        _now(state, viewing),
    ]
    if state.berths:
        parts += [html.H3(viewing.t("detail.berths", n=len(state.berths))), *berths(state.berths, viewing)]
    parts += [
        html.H3(viewing.t("detail.day")),
        chart.trend(state.trend, viewing, unit="%", label=viewing.t("parking.col.pct"), low=0.0, high=100.0),
        table.facts(_facts(known, state, viewing)),
    ]
    return html.Div(parts, className="drawer-body")


def _now(state: PlaceState, viewing: Viewing) -> Component:
    pct = occupancy(state)
    word = load(pct)
    if pct is None:
        return html.P(viewing.t("detail.parking.unknown"), className="note")
    return html.Div(
        [
            kpi.figure(pct, "%"),
            kpi.swatch(viewing.t(f"map.parking.{word}"), f"load-{word}"),
            html.Span(
                viewing.t("detail.parking.free", free=fmt.number(state.free), capacity=fmt.number(state.capacity))
            ),
        ],
        className="free-big kpi kpi-m",
    )


def berths(digits: str, viewing: Viewing) -> list[Component]:
    """One cell per berth in order: idle, taken, fault, unknown; told apart by fill and border, not by colour alone."""
    cells = [
        html.I(className=f"berth-{d}", title=viewing.t("detail.berth.one", n=i, state=viewing.t(f"parking.berth.{d}")))
        for i, d in enumerate(digits, start=1)
    ]
    key = [
        html.Span([html.I(className=f"berth-{d}"), viewing.t(f"parking.berth.{d}"), html.B(str(digits.count(d)))])
        for d in "0123"
    ]
    spoken = viewing.t("ui.list_comma").join(f"{viewing.t(f'parking.berth.{d}')} {digits.count(d)}" for d in "0123")
    return [
        html.Div(cells, className="berths", role="img", **{"aria-label": spoken}),
        html.Div(key, className="berth-key"),
    ]


def _facts(known: Place, state: PlaceState, viewing: Viewing) -> dict[str, Component | str]:
    pairs: dict[str, Component | str] = {
        viewing.t("parking.col.arrivals"): fmt.number(state.arrivals_h),
        viewing.t("parking.col.departures"): fmt.number(state.departures_h),
        viewing.t("detail.known"): viewing.t("detail.of", n=fmt.number(state.known), all=fmt.number(state.capacity)),
        viewing.t("detail.faults"): fmt.number(state.faults),
        viewing.t("detail.at"): fmt.moment(state.observed_at, viewing.now, viewing.city.timezone),
    }
    if state.full_since is not None:
        pairs[viewing.t("detail.full_since")] = fmt.moment(state.full_since, viewing.now, viewing.city.timezone)
    if state.drift is not None:
        pairs[viewing.t("detail.drift")] = fmt.delta(float(state.drift), 0.0)
    if state.flags:
        pairs[viewing.t("detail.flags")] = viewing.t("ui.list_comma").join(
            viewing.t(f"parking.flag.{flag}") for flag in state.flags
        )
    if known.unit_fee_fen:
        pairs[viewing.t("detail.tariff")] = viewing.t(
            "detail.tariff.text",
            free=known.free_min,
            unit=known.unit_min,
            fee=fmt.number(known.unit_fee_fen / 100, 2),
            cap=fmt.number(known.day_cap_fen / 100),
        )
    return pairs
