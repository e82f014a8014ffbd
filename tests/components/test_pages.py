"""Overview and feed health drawn from samples: every portal and language, complete or troubled, always honest."""

import json
import re

import pytest
from dash._utils import to_json

from components import shell
from components.contract import PORTALS, Page, Portal, Viewing
from core.i18n import LANGS, Lang
from pages import overview, sources
from tests import samples
from tests.components.tree import having, parts, text

CITY = samples.city()
PAGES = (overview.PAGE, sources.PAGE)
CASES = [(page, portal, lang) for page in PAGES for portal in PORTALS for lang in LANGS]


def viewing(portal: Portal, lang: Lang) -> Viewing:
    return Viewing(lang=lang, portal=portal, city=CITY, now=samples.NOW)


@pytest.mark.parametrize(("page", "portal", "lang"), CASES, ids=lambda v: getattr(v, "name", v))
@pytest.mark.parametrize("troubled", [False, True])
def test_every_panel_is_drawn(page: Page, portal: Portal, lang: Lang, troubled: bool) -> None:
    snaps = samples.snapshots(CITY, troubled=troubled)
    for panel in (*page.panels, *shell.PANELS):
        shown = panel.view({name: snaps[name] for name in panel.domains}, viewing(portal, lang))
        assert len(to_json(shown)) > 20
        words = text(shown)
        assert "None" not in words and "nan" not in words.split()
        if lang == "en" and page.name == "sources":
            assert not re.search(r"[一-鿿]", re.sub(r"[·、]", "", words)), words


@pytest.mark.parametrize(("page", "portal", "lang"), CASES, ids=lambda v: getattr(v, "name", v))
def test_the_shell_places_every_panel_once(page: Page, portal: Portal, lang: Lang) -> None:
    tree = shell.page(viewing(portal, lang), page, PAGES, page.layout(viewing(portal, lang)), account="x")
    names = [getattr(part, "id", None) for part in parts(tree)]
    placed = [name for name in names if isinstance(name, str)]
    assert len(placed) == len(set(placed))
    for panel in page.panels:
        assert f"body:{panel.id}" in placed
    assert "⟦" not in text(tree)


def test_the_same_input_draws_the_same_component() -> None:
    snaps = samples.snapshots(CITY)
    for page in PAGES:
        for panel in page.panels:
            given = {name: snaps[name] for name in panel.domains}
            one, other = (to_json(panel.view(given, viewing("wall", "zh"))) for _ in range(2))
            assert one == other


def test_no_finding_is_said_with_its_coverage_and_never_shown_as_healthy_without_it() -> None:
    snaps = samples.snapshots(CITY)
    for snapshot in snaps.values():
        snapshot.findings.clear()
    assert "未发现异常（设备覆盖 9" in text(overview.findings(snaps, viewing("wall", "zh")))


def test_an_absent_domain_is_named_not_passed_over() -> None:
    snaps = samples.snapshots(CITY)
    del snaps["parking"]
    assert "未覆盖：智慧停车" in text(overview.findings(snaps, viewing("wall", "zh")))
    assert "未覆盖：智慧停车" in text(overview.sources(snaps, viewing("wall", "zh")))
    assert "Not covered" in text(sources.feeds(snaps, viewing("desk", "en")))


def test_a_withheld_index_shows_its_reason_and_no_band() -> None:
    snaps = samples.snapshots(CITY, troubled=True)
    shown = overview.traffic(snaps, viewing("wall", "zh"))
    head = having(shown, "kpi")[0]
    assert "—" in text(head) and "观测不足" in text(head)
    assert not having(head, "band")


def test_districts_without_measurement_are_dashes() -> None:
    shown = overview.districts(samples.snapshots(CITY), viewing("wall", "zh"))
    assert text(shown).count("—") >= 10


def test_the_longest_feed_outage_is_on_top_with_what_it_blinds() -> None:
    snaps = samples.snapshots(CITY, troubled=True)
    shown = json.dumps(text(sources.feeds(snaps, viewing("desk", "zh"))), ensure_ascii=False)
    assert shown.index("路侧泊位") < shown.index("停车场道闸")
    assert "泊位占用率" in text(sources.blind(snaps, viewing("desk", "zh")))
    assert "没有指标失去数据" in text(sources.blind(samples.snapshots(CITY), viewing("desk", "zh")))
