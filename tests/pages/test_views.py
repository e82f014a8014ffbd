"""Every view of the four pages in every portal and language, with data, without it, old and withheld."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from dash.development.base_component import Component

from components.contract import PORTALS, Page, Panel, Viewing
from core.i18n import LANGS, table
from core.snapshot import Trend
from pages import air, governance, parking, traffic
from tests.pages import samples

PAGES = (traffic.PAGE, parking.PAGE, air.PAGE, governance.PAGE)
PANELS = [(page, panel) for page in PAGES for panel in page.panels]
VIEWINGS = [samples.viewing(portal, lang) for portal in PORTALS for lang in LANGS]


def drawn(part: Any) -> str:
    """Component -> JSON text as the live link sends it."""
    return json.dumps(part, default=lambda c: c.to_plotly_json(), ensure_ascii=False, allow_nan=False)


def walk(part: Any) -> Iterator[Component]:
    """Every component of a tree."""
    if isinstance(part, list | tuple):
        for child in part:
            yield from walk(child)
    elif isinstance(part, Component):
        yield part
        yield from walk(getattr(part, "children", None))


def texts(part: Any) -> str:
    """All words of a tree."""
    if isinstance(part, list | tuple):
        return " ".join(texts(child) for child in part)
    if isinstance(part, Component):
        return texts(getattr(part, "children", None))
    return "" if part is None else str(part)


@pytest.mark.parametrize(("page", "panel"), PANELS, ids=lambda p: getattr(p, "id", getattr(p, "name", "")))
@pytest.mark.parametrize("viewing", VIEWINGS, ids=lambda v: f"{v.portal}-{v.lang}")
def test_view_draws_the_same_words_and_knows_every_key(page: Page, panel: Panel, viewing: Viewing) -> None:
    every = samples.every()
    first, again = drawn(panel.view(every, viewing)), drawn(panel.view(samples.every(), viewing))
    assert first == again
    assert "⟦" not in first
    assert len(texts(panel.view(every, viewing))) > 10


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
@pytest.mark.parametrize("viewing", VIEWINGS, ids=lambda v: f"{v.portal}-{v.lang}")
def test_layout_places_every_panel_once(page: Page, viewing: Viewing) -> None:
    parts = list(walk(page.layout(viewing)))
    ids = [p.id for p in parts if getattr(p, "id", None) is not None]
    assert len(ids) == len(set(ids))
    for panel in page.panels:
        assert ids.count(f"body:{panel.id}") == 1
    assert "⟦" not in drawn(page.layout(viewing))
    stages = [p for p in parts if "map-stage" in (getattr(p, "className", "") or "")]
    assert [getattr(s, "data-layers").split() for s in stages] == [[layer.id for layer in page.layers]]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_titles_and_questions_exist(page: Page) -> None:
    for key in (f"page.{page.name}", f"page.{page.name}.question", *(f"panel.{p.id}" for p in page.panels)):
        assert set(table()[key]) == {"zh", "en"}, key


def test_strings_of_the_pages_are_used_and_complete() -> None:
    rows = json.loads((samples.ROOT / "pages" / "strings.json").read_text("utf-8"))
    for key, words in rows.items():
        assert set(words) == {"zh", "en"}, key
        assert all(word.strip() for word in words.values()), key


def test_blind_air_withholds_the_index_and_says_why() -> None:
    viewing = samples.viewing("desk", "zh")
    shown = texts(air.now({"air": samples.air(blind=True)}, viewing))
    assert viewing.t("air.no_index") in shown
    assert viewing.t("air.why.no_hour") in shown
    assert "78" not in shown


def test_missing_pollutant_is_a_dash_never_zero() -> None:
    body = air.pollutants({"air": samples.air()}, samples.viewing("desk", "en"))
    ozone = next(p for p in walk(body) if getattr(p, "className", "") == "pollutant" and "O₃" in texts(p))
    assert "—" in texts(ozone)
    assert any("bar-none" in (getattr(p, "className", "") or "") for p in walk(ozone))


def test_unknown_place_stands_last_without_a_number() -> None:
    viewing = samples.viewing("desk", "zh")
    rows = [
        p
        for p in walk(parking.ranking_view({"parking": samples.parking()}, viewing))
        if "rank-cells" in (getattr(p, "className", "") or "")
    ]
    unknown = [p for p in samples.parking().data.places if p.occupied is None]
    tail = [getattr(p, "data-entity") for p in rows[-len(unknown) :]]
    assert sorted(tail) == sorted(f"parking:{p.id}" for p in unknown)
    assert all("—" in texts(p) for p in rows[-len(unknown) :])


def test_unobserved_road_is_not_green() -> None:
    viewing = samples.viewing("wall", "zh")
    last = [
        p
        for p in walk(traffic.corridors({"transit": samples.transit()}, viewing))
        if "rank-cells" in (getattr(p, "className", "") or "")
    ][-1]
    assert viewing.t("map.roads.unknown") in texts(last)
    assert "road-unknown" in drawn(last) and "road-free" not in drawn(last)


def test_blind_area_is_hatched_and_not_zero() -> None:
    snapshot = samples.cameras()
    status = {c.id: c.status for c in snapshot.data.cameras}
    table_rows = samples.city().tables["cameras/cameras.toml"]
    seen = {c.area for c in table_rows if status[c.id] == "online"}
    dark = {c.area for c in table_rows} - seen
    body = governance.matrix({"cameras": snapshot}, samples.viewing("desk", "zh"))
    blind = [p for p in walk(body) if "cell-blind" in (getattr(p, "className", "") or "")]
    quiet = sum(snapshot.data.matrix[area].get(matter, 0) == 0 for area in dark for matter in governance.matters())
    assert dark and len(blind) == quiet
    assert all(not texts(p).strip() for p in blind)


def test_camera_picture_address_changes_with_its_frame_only() -> None:
    one = drawn(governance.pictures({"cameras": samples.cameras()}, samples.viewing()))
    later = samples.cameras()
    first = later.data.cameras[0]
    later.data.cameras[0] = msgspec.structs.replace(first, last_frame_at=first.last_frame_at + timedelta(seconds=5))
    two = drawn(governance.pictures({"cameras": later}, samples.viewing()))
    assert one != two
    assert f"/cameras/{first.id}/latest.jpg?v={int(first.last_frame_at.timestamp())}" in one
    assert f"/cameras/{first.id}/latest.jpg?v={int(first.last_frame_at.timestamp()) + 5}" in two


def test_empty_domains_say_so() -> None:
    viewing = samples.viewing("phone", "zh")
    quiet = samples.transit()
    quiet.findings.clear()
    quiet.data.corridors.clear()
    quiet.data.index_by_district.clear()
    assert viewing.t("traffic.no_findings") in texts(traffic.findings({"transit": quiet}, viewing))
    assert viewing.t("traffic.no_corridors") in texts(traffic.corridors({"transit": quiet}, viewing))
    assert viewing.t("traffic.no_districts") in texts(traffic.districts({"transit": quiet}, viewing))


def test_trend_without_values_is_named() -> None:
    viewing = samples.viewing("desk", "zh")
    snapshot = samples.transit()
    snapshot.data.index_trend = Trend(start_at=samples.NOW, step_s=300, values=[None] * 12)
    assert viewing.t("ui.chart.no_data") in texts(traffic.index({"transit": snapshot}, viewing))
