"""The drawer: from any entity that a page or map names to its record, and the callback that guards it."""

from typing import Any

import pytest

from callbacks import select
from components.contract import PORTALS
from core import auth
from core.errors import NotAllowed
from core.i18n import LANGS
from pages import air, detail, governance, map_layers, parking, traffic
from tests.pages import samples
from tests.pages.test_views import drawn, texts, walk

PAGES = (traffic.PAGE, parking.PAGE, air.PAGE, governance.PAGE)


def named() -> list[str]:
    """Everything that can be clicked on the pages and their maps."""
    every, viewing = samples.every(), samples.viewing()
    found: set[str] = set()
    for page in PAGES:
        for panel in page.panels:
            found |= {
                getattr(p, "data-entity")
                for p in walk(panel.view(every, viewing))
                if hasattr(p, "data-entity") and not hasattr(p, "data-key")
            }
        for layer in page.layers:
            found |= set(layer.data(every, viewing).get("entity", ()))
    vehicle = map_layers.VEHICLES.data(every, viewing)["id"][0]
    road = map_layers.ROADS.data(every, viewing)["seg"][0]
    return sorted({*found, f"vehicle:{vehicle}", f"road:{road}"})


def test_everything_that_can_be_clicked_has_a_record() -> None:
    every = samples.every()
    entities = named()
    assert {e.partition(":")[0] for e in entities} == {*detail.KINDS, "finding"}
    for entity in entities:
        for lang in LANGS:
            viewing = samples.viewing("desk", lang)
            shown = detail.detail(entity, every, viewing)
            assert "⟦" not in drawn(shown), entity
            assert viewing.t("detail.gone", entity=entity) not in texts(shown), entity


@pytest.mark.parametrize(
    "entity", ("road:nowhere", "finding:none", "rainbow:1", "vehicle:", "parking:R99", "station:x", "", "::")
)
def test_what_is_not_there_is_said(entity: str) -> None:
    viewing = samples.viewing("phone", "zh")
    assert viewing.t("detail.gone", entity=entity) in texts(detail.detail(entity, samples.every(), viewing))


def test_a_domain_without_snapshot_is_unavailable() -> None:
    viewing = samples.viewing()
    assert viewing.t("face.unavailable") in texts(detail.detail("parking:R01", {}, viewing))


def test_unknown_place_says_unknown_and_not_zero() -> None:
    viewing = samples.viewing("desk", "zh")
    blind = next(p for p in samples.parking().data.places if p.occupied is None)
    assert viewing.t("detail.parking.unknown") in texts(detail.detail(f"parking:{blind.id}", samples.every(), viewing))


def test_berth_strip_has_a_cell_per_berth() -> None:
    place = next(p for p in samples.parking().data.places if p.berths and p.faults)
    shown = detail.detail(f"parking:{place.id}", samples.every(), samples.viewing())
    strip = next(p for p in walk(shown) if getattr(p, "className", "") == "berths")
    cells = [p.className for p in strip.children]
    assert cells == [f"berth-{d}" for d in place.berths]


def test_vehicle_shows_no_plate() -> None:
    plates = {v.plate for v in samples.city().tables["transit/vehicles.csv"]}
    shown = texts(detail.detail("vehicle:v0001", samples.every(), samples.viewing()))
    assert plates and not any(plate in shown for plate in plates)


def looking(page: str, entity: Any, grants: tuple[str, ...] = ("*",)) -> Any:
    auth.enter(auth.Identity(account="a", name="a", role="", grants=grants))
    try:
        chosen = {"page": page, "entity": entity, "portal": "desk", "lang": "zh"}
        return select.draw(chosen, PAGES, samples.every(), samples.city(), samples.NOW)
    finally:
        auth.enter(None)


def test_callback_draws_the_chosen_entity() -> None:
    assert "泊位" in texts(looking("parking", "parking:R01"))


@pytest.mark.parametrize("entity", (None, "", 7, ["x"], "x" * 500))
def test_callback_ignores_what_is_no_entity(entity: Any) -> None:
    assert looking("parking", entity) is None


def test_callback_refuses_a_page_that_is_not_allowed() -> None:
    with pytest.raises(NotAllowed):
        looking("parking", "parking:R01", grants=("air.read",))


def test_callback_hides_domains_that_are_not_allowed() -> None:
    shown = looking("air", "parking:R01", grants=("air.read",))
    assert samples.viewing().t("face.unavailable") in texts(shown)


def test_wall_has_no_drawer() -> None:
    for page in PAGES:
        for portal in PORTALS:
            ids = {getattr(p, "id", None) for p in walk(page.layout(samples.viewing(portal)))}
            assert ("drawer" in ids) == (portal != "wall")
