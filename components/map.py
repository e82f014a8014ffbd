"""The map stage: one Leaflet map without any tile server, drawn from the city's own GeoJSON.

Dash makes the map and the two still layers below (districts, water); everything that changes is drawn by assets/map*.js
from the page's `Layer` data, so that zoom and selection survive every refresh.
"""

from collections.abc import Sequence

import dash_leaflet as dl
from dash import html
from dash.development.base_component import Component

from components import icons, ids
from components.contract import Viewing

FILES = "/map"  # where the web process serves the city's GeoJSON
# layer -> legend rows (key, mark class, colour token); the key's word is the string `map.<layer>.<key>`.
LEGEND: dict[str, tuple[tuple[str, str, str], ...]] = {
    "roads": tuple(
        (s, "line-unknown" if s == "unknown" else "line", f"road-{s}")
        for s in ("free", "basic", "light", "moderate", "severe", "unknown")
    ),
    "vehicles": (("bus", "bus", "text"), ("taxi", "dot", "info"), ("aged", "ring", "text-3")),
    "parking": (
        ("easy", "square", "load-easy"),
        ("busy", "square", "load-busy"),
        ("tight", "square", "load-tight"),
        ("full", "square", "load-full"),
        ("unknown", "square-unknown", "road-unknown"),
    ),
    "stations": (("national", "disc", "text-2"), ("micro", "ring", "text-2"), ("dust", "square", "text-2")),
    "cameras": (("well", "ring", "ok"), ("bad", "cross", "bad")),
    "findings": (("alarm", "triangle", "alarm"), ("warning", "diamond", "warning"), ("info", "disc", "info")),
}
DRAWN: tuple[str, ...] = (*LEGEND, "districts")


def stage(
    viewing: Viewing,
    layers: Sequence[str],
    *,
    inset: bool = True,
    title: str = "",
    note: str = "",
    legend: Sequence[str] | None = None,
    area: str = "",
    tiles: str = "",
) -> Component:
    """The map with `layers` (ids of the page's `Layer`s, drawn by assets/map*.js).

    `legend` are the layers that the legend explains (default: all of them); `note` stands beside the title; `tiles` is the
    URL template of the city's own tile server ({z}/{x}/{y}, WGS-84 web mercator), empty for none; `area` is the CSS grid
    area. An unknown layer is refused.
    """
    unknown = [name for name in layers if name not in DRAWN]
    if unknown:
        raise ValueError(f"map layers that nobody draws: {', '.join(unknown)}")
    west, south, east, north = viewing.city.urban
    data = {
        "data-layers": " ".join(layers),
        "data-portal": viewing.portal,
        "data-lang": viewing.lang,
        "data-files": FILES,
        "data-home": f"{west},{south},{east},{north}",
    }
    parts = [_leaflet(viewing, tiles), _head(viewing, title or viewing.t("map.urban"), note)]
    if inset and viewing.portal != "phone":
        parts.append(html.Div(className="map-inset map-box", **{"data-title": viewing.t("map.inset")}))
    if viewing.portal != "wall":
        parts.append(_controls(viewing))
    view = html.Div(parts, className="map-view")
    key = _legend(viewing, [name for name in (layers if legend is None else legend) if name in LEGEND])
    return html.Section(
        [view, key],
        className=f"map-stage map-{viewing.portal}",
        style={"gridArea": area} if area else {},
        **{"aria-label": viewing.t("map.title"), **data},
    )


def _leaflet(viewing: Viewing, tiles: str) -> Component:
    lon, lat = viewing.city.centre
    west, south, east, north = viewing.city.bounds
    still = {"interactive": False}
    layers: list[Component] = [dl.TileLayer(url=tiles, opacity=0.6)] if tiles else []
    for name in ("districts", "water"):
        options = {"style": {"className": f"map-{name}", "interactive": False}}
        layers.append(dl.GeoJSON(url=f"{FILES}/{name}.geojson", options=options, id=ids.map_layer(name), **still))
    wall = viewing.portal == "wall"
    return dl.MapContainer(
        layers,
        id=ids.MAP,
        center={"lat": lat, "lng": lon},
        zoom=12,
        minZoom=7,
        maxZoom=18,
        zoomSnap=0.05,
        zoomDelta=0.75,
        maxBounds=[[south - 0.6, west - 0.8], [north + 0.6, east + 0.8]],
        zoomControl=False,
        attributionControl=False,
        zoomAnimation=False,
        fadeAnimation=False,
        markerZoomAnimation=False,
        inertia=False,
        wheelPxPerZoomLevel=110,
        dragging=viewing.portal == "desk",
        scrollWheelZoom=viewing.portal == "desk",
        doubleClickZoom=not wall,
        touchZoom=not wall,
        boxZoom=not wall,
        keyboard=not wall,
        className="map-canvas",
    )


def _head(viewing: Viewing, title: str, note: str) -> Component:
    words = " · ".join(part for part in (viewing.t("map.schematic"), note) if part)
    return html.Div([html.B(title), html.Small(words)], className="map-head map-box")


def _legend(viewing: Viewing, layers: Sequence[str]) -> Component:
    return html.Div(
        [_group(viewing, name) for name in layers],
        className="map-legend",
        role="group",
        **{"aria-label": viewing.t("map.legend")},
    )


def _group(viewing: Viewing, layer: str) -> Component:
    rows = [
        html.Span(
            [
                html.I(className=f"key key-{mark}", style={"--key": f"var(--{color})"}),
                html.Span(viewing.t(f"map.{layer}.{key}")),
                html.B("", **{"data-count": f"{layer}:{key}"}),
            ],
            className="map-key",
        )
        for key, mark, color in LEGEND[layer]
    ]
    name = viewing.t(f"map.{layer}")
    if viewing.portal == "wall":
        head: Component = html.Span(name, className="map-layer")
    else:
        head = html.Button(
            name,
            type="button",
            className="map-layer",
            **{"data-map-act": "layer", "data-layer": layer, "aria-pressed": "true", "title": viewing.t("map.toggle")},
        )
    return html.Div([head, *rows], className="map-group")


def _controls(viewing: Viewing) -> Component:
    acts = [("in", "+"), ("out", "−"), ("home", icons.icon("map")), ("full", icons.icon("full"))]
    acts = acts[3:] if viewing.portal == "phone" else acts  # a phone pinches
    buttons = [
        html.Button(
            mark,
            type="button",
            title=viewing.t(f"map.act.{act}"),
            **{"data-map-act": act, "aria-label": viewing.t(f"map.act.{act}")},
        )
        for act, mark in acts
    ]
    return html.Div(buttons, className="map-acts map-box")
