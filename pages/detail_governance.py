"""The drawer of urban governance: one camera with its picture, its health and its findings; one key area."""

from collections.abc import Iterable

from dash import html
from dash.development.base_component import Component

from components import finding, kpi, table
from components import format as fmt
from components.contract import Viewing
from core.snapshot import Finding, Snapshot
from data_sources.cameras.model import Area, Camera, CamerasData, CameraStatus
from pages.map_layers import name_of, rows


def camera(key: str, snapshot: Snapshot, viewing: Viewing) -> Component | None:
    """A camera: newest de-identified picture, state since when, what it watches for, what it found."""
    known = rows(viewing, "cameras/cameras.toml").get(key)
    data: CamerasData = snapshot.data
    status = next((c for c in data.cameras if c.id == key), None)
    if not isinstance(known, Camera) or status is None:
        return None
    area_row = rows(viewing, "cameras/areas.csv").get(known.area)
    area_name = name_of(area_row, viewing) if isinstance(area_row, Area) else known.area
    parts = [
        html.H2(name_of(known, viewing)),
        html.P(area_name, className="sub"),
        picture(status, viewing),
        table.facts(_facts(known, status, viewing)),
        *_found((f for f in snapshot.findings if f.entity == key), viewing),
    ]
    return html.Div(parts, className="drawer-body")


def picture(status: CameraStatus, viewing: Viewing) -> Component:
    """The newest masked frame; the address changes only with the frame, so that the browser loads it once."""
    if not status.has_picture:
        return html.P(viewing.t("governance.no_picture"), className="note")
    return html.Figure(
        [html.Img(src=frame(status), alt=viewing.t("governance.picture")), html.Figcaption(viewing.t("detail.masked"))],
        className="evidence",
    )


def frame(status: CameraStatus) -> str:
    """Address of a camera's newest picture, with the time of its last frame."""
    version = int(status.last_frame_at.timestamp()) if status.last_frame_at else 0
    return f"/cameras/{status.id}/latest.jpg?v={version}"


def _facts(known: Camera, status: CameraStatus, viewing: Viewing) -> dict[str, Component | str]:
    zone = viewing.city.timezone
    watched = [
        viewing.t(
            "governance.zone",
            matter=viewing.t(f"governance.matter.{z.matter}"),
            dwell=fmt.span(z.dwell_s, viewing.lang),
        )
        for z in known.zone
    ]
    pairs: dict[str, Component | str] = {
        viewing.t("detail.state"): kpi.state_mark(status.state, viewing)
        if status.status == "online"
        else viewing.t(f"governance.camera.{status.status}"),
        viewing.t("detail.since"): fmt.moment(status.since, viewing.now, zone),
        viewing.t("detail.last_frame"): fmt.moment(status.last_frame_at, viewing.now, zone),
        viewing.t("detail.lag"): fmt.with_unit(status.lag_s, "s", 1),
        viewing.t("detail.reconnects"): fmt.number(status.reconnects),
        viewing.t("detail.watches"): viewing.t("ui.list_comma").join(watched) or "—",
    }
    if status.detail:
        pairs[viewing.t("detail.detail")] = status.detail
    return pairs


def area(key: str, snapshot: Snapshot, viewing: Viewing) -> Component | None:
    """A key area: today's findings by class and the findings themselves."""
    known = rows(viewing, "cameras/areas.csv").get(key)
    if not isinstance(known, Area):
        return None
    data: CamerasData = snapshot.data
    counts = sorted(((n, m) for m, n in data.matrix.get(key, {}).items() if n), reverse=True)
    pairs = {viewing.t(f"governance.matter.{matter}"): fmt.number(n) for n, matter in counts}
    cameras = {c.id for c in rows(viewing, "cameras/cameras.toml").values() if c.area == key}
    return html.Div(
        [
            html.H2(name_of(known, viewing)),
            html.P(viewing.t("governance.today"), className="sub"),
            table.facts(pairs) if pairs else html.P(viewing.t("governance.no_findings"), className="note"),
            *_found((f for f in snapshot.findings if f.entity in cameras), viewing),
        ],
        className="drawer-body",
    )


def _found(found: Iterable[Finding], viewing: Viewing) -> list[Component]:
    listed = list(found)
    if not listed:
        return []
    return [
        html.H3(viewing.t("detail.findings", n=len(listed))),
        finding.listing(listed, viewing, most=6, numbered=False),
    ]
