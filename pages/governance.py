"""Urban governance: what the cameras found, where, and which cameras can see at all."""

from datetime import timedelta

from dash import html
from dash.development.base_component import Component

from components import figures, finding, icons, kpi, map
from components import format as fmt
from components import layout as place
from components.contract import Page, Panel, Snapshots, Thing, Viewing
from components.drawer import drawer, entity
from components.panel import empty, slot
from components.ranking import Row, ranking
from core.city import City
from core.measure import Measure
from data_sources.cameras.model import Area, Camera, CamerasData, CameraStatus
from data_sources.registry import domain
from pages import detail, map_layers
from pages.detail_governance import frame
from pages.map_layers import measure, name_of, rows

ORDER = {
    "offline": 0,
    "crashed": 1,
    "frozen": 2,
    "moved": 3,
    "dark": 4,
    "bright": 5,
    "blurred": 6,
    "late": 7,
    "starting": 8,
    "online": 9,
}


def matters() -> tuple[str, ...]:
    """The classes that are watched for, in the manifest's order."""
    return tuple(domain("cameras").extra["matters"])


def _measure(name: str) -> Measure:
    return measure("cameras", f"cameras.{name}")


def now(snapshots: Snapshots, viewing: Viewing) -> Component:
    """Open findings, findings of today, cameras that see; and what a finding is without a model."""
    readings = snapshots["cameras"].readings
    heads = [
        kpi.kpi(readings.get(m.key), m, viewing, size="m" if i == 0 else "s")
        for i, m in enumerate(_measure(n) for n in ("open_findings", "findings_today", "online_share_pct"))
    ]
    return place.view(html.Div(heads, className="row-3"), html.P(viewing.t("governance.no_model"), className="note"))


def hourly(snapshots: Snapshots, viewing: Viewing) -> Component:
    """Findings per hour over 24 h; an hour without analysis is hatched, not zero."""
    series = snapshots["cameras"].data.hourly
    labels = []
    for i in range(len(series.values)):
        hour = fmt.local(series.start_at + timedelta(seconds=i * series.step_s), viewing.city.timezone).hour
        labels.append(f"{hour}" if hour % 6 == 0 else "")
    return html.Div(
        figures.bars(
            series.values,
            labels,
            token="accent",
            now=len(series.values) - 1,
            label=viewing.t("panel.governance.hourly"),
        ),
        className="view",
    )


def pictures(snapshots: Snapshots, viewing: Viewing) -> Component:
    """The newest de-identified picture of every camera with its state; a camera that cannot see says why."""
    snapshot = snapshots["cameras"]
    data: CamerasData = snapshot.data
    known = rows(viewing, "cameras/cameras.toml")
    open_at: dict[str, int] = {}
    for found in snapshot.findings:
        if found.ended_at is None:
            open_at[found.entity] = open_at.get(found.entity, 0) + 1
    shots = [
        _picture(c, known[c.id], open_at.get(c.id, 0), viewing)
        for c in data.cameras
        if isinstance(known.get(c.id), Camera)
    ]
    return html.Div(shots, className="pictures") if shots else empty(viewing, "governance.no_cameras")


def _picture(status: CameraStatus, camera: Camera, open_now: int, viewing: Viewing) -> Component:
    name = name_of(camera, viewing)
    well = status.status == "online"
    if status.has_picture:
        shot: Component = html.Img(
            src=frame(status), alt=viewing.t("governance.picture_of", name=name), **{"data-keep": "1"}
        )
    else:
        shot = html.Div(viewing.t("governance.no_picture"), className="none")
    word = (
        None
        if well
        else html.Span(viewing.t(f"governance.camera.{status.status}"), className="state", **{"data-state": "stale"})
    )
    caption = [
        icons.shape("live" if well else "bar"),
        html.Span(name, className="name"),
        word,
        html.Span(str(open_now), className="open", title=viewing.t("governance.open", n=open_now))
        if open_now
        else None,
    ]
    opens = {**entity("camera", status.id, name), "role": "button"} if viewing.portal != "wall" else {}
    return html.Figure([shot, html.Figcaption(caption)], className="picture", **{"data-status": status.status}, **opens)


def matrix(snapshots: Snapshots, viewing: Viewing) -> Component:
    """Key areas by class: findings today. An area none of whose cameras see is hatched: unknown, not zero."""
    data: CamerasData = snapshots["cameras"].data
    areas = [a for a in rows(viewing, "cameras/areas.csv").values() if isinstance(a, Area)]
    classes = matters()
    seeing = _seeing(data, viewing)
    most = max((n for row in data.matrix.values() for n in row.values()), default=0)
    cells: list[Component] = [html.Div(viewing.t("governance.matrix"), className="area")]
    cells += [
        html.Div(
            html.Span(viewing.t(f"governance.matter.{m}")), className="class", title=viewing.t(f"governance.matter.{m}")
        )
        for m in classes
    ]
    for area in areas:
        opens = (
            {**entity("area", area.id, name_of(area, viewing)), "role": "button"} if viewing.portal != "wall" else {}
        )
        cells.append(
            html.Div(html.Span(name_of(area, viewing)), className="area", title=name_of(area, viewing), **opens)
        )
        counts = data.matrix.get(area.id, {})
        cells += [_cell(counts.get(m, 0), most, area.id in seeing, viewing) for m in classes]
    style = {"--classes": str(len(classes)), "--areas": str(len(areas))}
    return html.Div(html.Div(cells, className="matrix", style=style), className="view")


def _cell(count: int, most: int, seen: bool, viewing: Viewing) -> Component:
    if count:
        return html.Div(
            str(count), className="cell", style={"--heat": f"{18 + 62 * count / most:.0f}%"}, **{"data-n": str(count)}
        )
    return html.Div(
        "·" if seen else "",
        className="cell" if seen else "cell cell-blind",
        title="" if seen else viewing.t("governance.blind"),
    )


def _seeing(data: CamerasData, viewing: Viewing) -> set[str]:
    """Areas with at least one camera that is online."""
    known = rows(viewing, "cameras/cameras.toml")
    return {known[c.id].area for c in data.cameras if c.status == "online" and c.id in known}


def findings(snapshots: Snapshots, viewing: Viewing) -> Component:
    """Open findings with their picture, numbered as on the map; each is a suspicion until a person confirms it."""
    found = map_layers.ranked(snapshots, ("cameras",))
    if not found:
        return empty(viewing, "governance.no_findings")
    return finding.listing(found, viewing, most=40 if viewing.portal == "desk" else 12)


def cameras(snapshots: Snapshots, viewing: Viewing) -> Component:
    """Every camera's health, the sick ones first: state, since when, its last frame."""
    data: CamerasData = snapshots["cameras"].data
    known = rows(viewing, "cameras/cameras.toml")
    zone = viewing.city.timezone
    listed = []
    for status in sorted(data.cameras, key=lambda c: (ORDER.get(c.status, 5), c.id)):
        if not isinstance(known.get(status.id), Camera):
            continue
        well = status.status == "online"
        word = (
            kpi.state_mark("live", viewing)
            if well
            else html.Span(
                [icons.shape("bar"), viewing.t(f"governance.camera.{status.status}")],
                className="state",
                **{"data-state": "stale"},
            )
        )
        name = name_of(known[status.id], viewing)
        listed.append(
            Row(
                kind="camera",
                key=status.id,
                label=name,
                state=status.state,
                cells=(
                    name,
                    word,
                    fmt.moment(status.since, viewing.now, zone),
                    fmt.with_unit(status.lag_s, "s", 1),
                    fmt.number(status.reconnects),
                ),
            )
        )
    titles = [
        viewing.t("governance.col.camera"),
        viewing.t("governance.col.state"),
        viewing.t("governance.col.since"),
        viewing.t("governance.col.lag"),
        viewing.t("governance.col.reconnects"),
    ]
    return ranking(
        titles,
        "minmax(0,1fr) 5em 3.4em 3.4em 2.6em",
        listed,
        viewing,
        right=(2, 3, 4),
        empty=empty(viewing, "governance.no_cameras"),
    )


NOW = Panel(
    id="governance.now",
    domains=("cameras",),
    view=now,
    measures=("cameras.open_findings", "cameras.findings_today", "cameras.online_share_pct"),
)
HOURLY = Panel(id="governance.hourly", domains=("cameras",), view=hourly)
PICTURES = Panel(id="governance.pictures", domains=("cameras",), view=pictures)
MATRIX = Panel(id="governance.matrix", domains=("cameras",), view=matrix)
FINDINGS = Panel(id="governance.findings", domains=("cameras",), view=findings)
CAMERAS = Panel(id="governance.cameras", domains=("cameras",), view=cameras)
LAYERS = (map_layers.CAMERAS, map_layers.findings_of("cameras"))


def layout(viewing: Viewing) -> list[Component]:
    """Findings and the matrix beside the map, the pictures opposite; a phone gets findings first."""
    stage = map.stage(viewing, [layer.id for layer in LAYERS])
    top = slot(
        NOW,
        viewing,
        measures=[_measure(n) for n in ("open_findings", "findings_today", "online_share_pct")],
        skeleton="figure",
        class_name="governance-now",
    )
    hours = slot(HOURLY, viewing, class_name="governance-hourly wide-only desk-hidden")
    shots = slot(PICTURES, viewing, skeleton="map", class_name="grow-3")
    cross = slot(MATRIX, viewing, skeleton="table", class_name="grow-4")
    found = slot(FINDINGS, viewing, skeleton="list", class_name="grow-2")
    health = slot(CAMERAS, viewing, skeleton="table", class_name="grow-2 wide-only desk-hidden")
    if viewing.portal == "phone":
        body: Component = place.columns([top, found, shots, html.Div(stage, className="middle"), cross, health, hours])
    elif viewing.portal == "desk":
        body = place.stage([[top], [found, hours]], stage, [[shots], [cross, health]])
    else:
        body = place.stage([[top, hours], [cross]], stage, [[shots], [found, health]])
    return [body, *drawer(viewing, "governance")]


def things(city: City) -> list[Thing]:
    """Cameras and key areas."""
    tables = (("camera", "cameras/cameras.toml"), ("area", "cameras/areas.csv"))
    return [Thing(kind=kind, key=row.id, name=row.name, name_en=row.name_en) for kind, name in tables for row in city.tables.get(name, ())]


PAGE = Page(
    name="governance",
    route="/governance",
    icon="governance",
    permission="cameras.read",
    panels=(NOW, HOURLY, PICTURES, MATRIX, FINDINGS, CAMERAS),
    layout=layout,
    layers=LAYERS,
    detail=detail.detail,
    things=things,
    order=50,
)
