"""The overview as an ordinary Dash application would do it: each viewer's callbacks read the store and make figures."""

from collections.abc import Mapping

import plotly.graph_objects as go
from dash import html
from dash._utils import to_json

from core import store
from core.snapshot import Snapshot, Trend


class Page:
    """One viewer's update: unpack the four snapshots, eight tiles, four charts, a table, a map; each its own callback."""

    def __init__(self, snapshots: Mapping[str, Snapshot]) -> None:
        self.blobs = {name: (store.pack(s), type(s.data)) for name, s in snapshots.items()}

    def update(self) -> int:
        """All callbacks of one viewer; returns the bytes they would send."""
        snapshots = {name: store.unpack(blob, kind) for name, (blob, kind) in self.blobs.items()}
        sent = [to_json({"response": {"tiles": {"children": _tiles(snapshots)}}})]
        for name, trend in _trends(snapshots):
            sent.append(to_json({"response": {name: {"figure": _chart(name, trend)}}}))
        sent.append(to_json({"response": {"table": {"children": _table(snapshots)}}}))
        sent.append(to_json({"response": {"map": {"figure": _map(snapshots)}}}))
        return sum(map(len, sent))


def _tiles(snapshots: Mapping[str, Snapshot]) -> list[html.Div]:
    return [html.Div([html.H3(key), html.B(str(r.value)), html.Small(r.unit)])
            for s in snapshots.values() for key, r in list(s.readings.items())[:2]]


def _trends(snapshots: Mapping[str, Snapshot]) -> list[tuple[str, Trend]]:
    found = [(f"{name}.{field}", value) for name, s in snapshots.items() for field in s.data.__struct_fields__
             if isinstance(value := getattr(s.data, field), Trend)]
    return found[:4]


def _chart(name: str, trend: Trend) -> go.Figure:
    x = [n * trend.step_s for n in range(len(trend.values))]
    figure = go.Figure([go.Scatter(x=x, y=trend.values, mode="lines", fill="tozeroy", name=name)])
    return figure.update_layout(margin={"l": 30, "r": 8, "t": 8, "b": 24}, height=200, uirevision="keep", showlegend=False)


def _table(snapshots: Mapping[str, Snapshot]) -> html.Table:
    rows = [f for s in snapshots.values() for f in s.findings][:20]
    return html.Table([html.Tr([html.Td(f.kind), html.Td(f.place), html.Td(str(f.value)), html.Td(f.owner)]) for f in rows])


def _map(snapshots: Mapping[str, Snapshot]) -> go.Figure:
    fleet = snapshots["transit"].data.fleet
    columns = {name: getattr(fleet, name) for name in fleet.__struct_fields__}
    lon, lat = columns.get("lon", []), columns.get("lat", [])
    return go.Figure([go.Scattermap(lon=list(lon), lat=list(lat), mode="markers")]).update_layout(height=500)
