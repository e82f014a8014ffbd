"""The drawer: one thing in full, whatever page it was chosen on. An entity is "<kind>:<id>"."""

from collections.abc import Callable, Mapping

from dash import html
from dash.development.base_component import Component

from components import finding as findings
from components import format as fmt
from components import table
from components.contract import Snapshots, Viewing
from components.panel import empty, unavailable
from core.snapshot import Finding, Snapshot
from pages import detail_air, detail_governance, detail_parking, detail_traffic

Drawn = Callable[[str, Snapshot, Viewing], Component | None]
KINDS: Mapping[str, tuple[str, Drawn]] = {  # kind -> the domain it needs, how it is drawn
    "road": ("transit", detail_traffic.road),
    "corridor": ("transit", detail_traffic.corridor),
    "vehicle": ("transit", detail_traffic.vehicle),
    "parking": ("parking", detail_parking.place),
    "station": ("air", detail_air.station),
    "camera": ("cameras", detail_governance.camera),
    "area": ("cameras", detail_governance.area),
}


def detail(entity: str, snapshots: Snapshots, viewing: Viewing) -> Component:
    """What is known about `entity` now. What is gone, unknown or not readable here is said, never drawn empty."""
    kind, _, key = entity.partition(":")
    if kind == "finding":
        found = next((f for s in snapshots.values() for f in s.findings if f.id == key), None)
        return _page(finding(found, viewing) if found else None, viewing, entity)
    if kind not in KINDS:
        return _page(None, viewing, entity)
    name, draw = KINDS[kind]
    if name not in snapshots:
        return html.Div(unavailable(viewing, (name,)))
    return _page(draw(key, snapshots[name], viewing), viewing, entity)


def _page(body: Component | None, viewing: Viewing, entity: str) -> Component:
    return body if body is not None else html.Div(empty(viewing, "detail.gone", entity=entity))


def finding(found: Finding, viewing: Viewing) -> Component:
    """One finding with its pictures, times, dwell, confidence, matter code and owner."""
    zone = viewing.city.timezone
    pairs: dict[str, Component | str] = {
        viewing.t("detail.severity"): viewing.t(f"severity.{found.severity}"),
        viewing.t("detail.began"): fmt.moment(found.at, viewing.now, zone),
        viewing.t("detail.ended"): fmt.moment(found.ended_at, viewing.now, zone)
        if found.ended_at
        else viewing.t("detail.still"),
    }
    against = findings.compared(found, viewing)
    if against:
        pairs[viewing.t("detail.value")] = against
    dwell = found.detail.get("dwell_s")
    if isinstance(dwell, int | float):
        pairs[viewing.t("detail.dwell")] = fmt.span(float(dwell), viewing.lang)
    if found.confidence is not None:
        pairs[viewing.t("detail.confidence")] = fmt.percent(found.confidence)
    if found.code:
        pairs[viewing.t("detail.code")] = found.code
    pairs[viewing.t("detail.owner")] = findings.owner(found, viewing)
    pairs[viewing.t("detail.id")] = html.Code(found.id)
    head = [html.H2(findings.words(found, viewing)), html.P(findings.place(found, viewing), className="sub")]
    return html.Div(
        [*head, *[_picture(e, viewing) for e in found.evidence], table.facts(pairs), *_elsewhere(found, viewing)],
        className="drawer-body",
    )


def _picture(evidence: str, viewing: Viewing) -> Component:
    return html.Figure(
        [
            html.Img(src=f"/evidence/{evidence}", alt=viewing.t("detail.picture")),
            html.Figcaption(viewing.t("detail.masked")),
        ],
        className="evidence",
    )


def _elsewhere(found: Finding, viewing: Viewing) -> list[Component]:
    """From the finding to the thing itself: one more step, to the record."""
    kind = {"transit": "road", "parking": "parking", "air": "station", "cameras": "camera"}.get(found.domain)
    if kind is None or not found.entity:
        return []
    key = found.entity.rpartition(":")[0] if kind == "road" and ":" in found.entity else found.entity
    return [
        html.Button(
            viewing.t(f"detail.open.{kind}"), type="button", className="tool act", **{"data-entity": f"{kind}:{key}"}
        )
    ]
