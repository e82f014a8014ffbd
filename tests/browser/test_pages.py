"""Every page on every screen in both languages: nothing clipped, overlapping, outside, too small, loud or foreign."""

import pytest

from core.i18n import LANGS
from tests.browser.looking import SCREENS, Browser, Screen, told

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PATHS = ("/", "/traffic", "/parking", "/air", "/governance", "/sources")
WALL, DESK, PHONE = SCREENS[0], SCREENS[3], SCREENS[5]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("screen", SCREENS, ids=str)
@pytest.mark.parametrize("lang", LANGS)
def test_page(browser: Browser, path: str, screen: Screen, lang: str) -> None:
    browser.visit(path, screen, lang, theme="dark" if lang == "en" else "light")
    faults = browser.faults(screen)
    assert not faults, told(faults)


@pytest.mark.parametrize(("html", "kind"), [
    ("<p style='position:absolute;left:20px;top:20px'>first</p><p style='position:absolute;left:24px;top:24px'>second</p>", "overlapping"),
    ("<div style='height:10px;overflow:hidden;font-size:30px;line-height:1'>cut through</div>", "clipped"),
    ("<p style='position:absolute;left:-30px;top:200px'>outside</p>", "outside"),
    ("<p style='font-size:9px'>small</p>", "small"),
    ("<div style='width:5000px'>wide</div>", "scroll"),
    ("<p>⟦some.key⟧</p>", "unresolved"),
    ("<main><div class='kpi-l'><b class='figure' style='font-size:20px'>78</b></div></main>", "figures"),
])
def test_the_checks_can_fail(browser: Browser, html: str, kind: str) -> None:
    browser.open("/sources", WALL)
    browser.run("document.body.innerHTML = arguments[0]; document.body.style.overflow = 'visible';", html)
    browser.shown = None
    assert kind in browser.faults(WALL)


def test_small_targets_are_found(browser: Browser) -> None:
    browser.open("/sources", PHONE)
    browser.run("document.querySelector('main').insertAdjacentHTML('afterbegin', '<button style=\"height:20px\">tiny</button>')")
    assert any("tiny" in row for row in browser.faults(PHONE)["targets"])


@pytest.mark.parametrize("path", ["/", "/sources"])
@pytest.mark.parametrize("screen", [WALL, DESK, PHONE], ids=str)
def test_a_refresh_shifts_nothing(browser: Browser, path: str, screen: Screen) -> None:
    """Cumulative layout shift over several refreshes stays at or below 0.02."""
    browser.open(path, screen)
    browser.run("window.shift = 0; window.seen = 0; document.addEventListener('city:meta', () => { window.seen += 1; });"
                "new PerformanceObserver((list) => { for (const e of list.getEntries()) window.shift += e.value; })"
                ".observe({type: 'layout-shift', buffered: false});")
    browser.until("return window.seen >= 3", 30)
    assert browser.run("return window.shift") <= 0.02


def test_zoom_and_selection_survive_a_refresh(browser: Browser) -> None:
    browser.open("/", DESK)
    zoom = browser.run("const s = [...window.cityMap.stages.values()][0]; s.map.setZoom(s.map.getZoom() + 1, {animate: false});"
                       "window.seen = 0; document.addEventListener('city:meta', () => { window.seen += 1; }); return s.map.getZoom();")
    browser.until("return window.seen >= 2", 30)
    assert browser.run("return [...window.cityMap.stages.values()][0].map.getZoom()") == pytest.approx(zoom)


def test_language_and_theme_change_in_place(browser: Browser) -> None:
    browser.open("/sources", DESK, "zh", "light")
    browser.run("document.querySelector('[data-do=theme]').click()")
    assert browser.run("return document.documentElement.dataset.theme") == "dark"
    browser.run("document.querySelector('[data-do=lang]').click()")
    browser.until("return document.documentElement.lang === 'en' && document.body.innerText.includes('Feed health')", 20)
    assert browser.run("return location.pathname") == "/sources"


def test_keyboard_opens_pages_and_help(browser: Browser) -> None:
    browser.open("/sources", DESK)
    browser.run("document.dispatchEvent(new KeyboardEvent('keydown', {key: '?', bubbles: true}))")
    assert browser.run("return document.getElementById('help-overlay').open")
    browser.run("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape', bubbles: true}))")
    letter = browser.run("return document.querySelector('#help-overlay [data-href=\"/traffic\"]').dataset.go")
    for key in ("g", letter):
        browser.run("document.body.dispatchEvent(new KeyboardEvent('keydown', {key: arguments[0], bubbles: true}))", key)
    browser.until("return location.pathname === '/traffic'", 10)


def test_a_panel_gives_its_data_table_and_definition(browser: Browser) -> None:
    browser.open("/", DESK)
    for act, wanted in (("table", "table.plain td"), ("definition", ".definition"), ("enlarge", ".chart-plot")):
        browser.run("document.querySelector('[data-panel=\"overview.air\"] [data-act=' + arguments[0] + ']').click()", act)
        browser.until(f"return !!document.querySelector('#enlarged[open] {wanted}')", 5)
        browser.run("document.getElementById('enlarged').close()")


def test_simulated_data_are_badged_everywhere(browser: Browser) -> None:
    for screen in (WALL, DESK, PHONE):
        browser.open("/", screen)
        browser.until("const b = document.getElementById('simulated-badge'); return b && !b.hidden", 10)
