"""What a person does on a page whose bodies are set as HTML: choose, search, export, scroll, go elsewhere."""

import json

import pytest

from tests.browser.looking import SCREENS, Browser, told

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WALL, DESK, PHONE = SCREENS[0], SCREENS[3], SCREENS[5]
KEY = "arguments[0].dispatchEvent(new KeyboardEvent('keydown', {key: arguments[1], bubbles: true, cancelable: true}))"


def press(browser: Browser, selector: str, key: str) -> None:
    browser.run(KEY.replace("arguments[0]", f"document.querySelector({json.dumps(selector)})").replace("arguments[1]", "arguments[0]"), key)


def test_a_row_opens_the_drawer_by_click_and_by_key(browser: Browser) -> None:
    browser.open("/parking", DESK)
    row = "[data-panel='parking.ranking'] [data-entity]"
    browser.run(f'document.querySelector("{row}").click()')
    browser.until("return document.querySelector('.drawer-open .drawer-body h2')", 8)
    assert browser.run("return location.hash").startswith("#parking:")
    browser.run("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape', bubbles: true}))")
    assert not browser.run("return document.querySelector('.drawer-open')")
    browser.run(f'document.querySelector("{row}").focus()')
    press(browser, row, "Enter")
    browser.until("return document.querySelector('.drawer-open .drawer-body h2')", 8)
    assert not browser.log()


def test_pages_follow_each_other_with_their_own_bodies(browser: Browser) -> None:
    """Dash reuses elements between pages: what one page left in a slot must never show on another."""
    browser.open("/", DESK)
    for path in ("/traffic", "/parking", "/air", "/governance", "/sources", "/", "/parking", "/"):
        browser.go(path)
        wrong = browser.run("return [...document.querySelectorAll('main [data-panel]')].filter((p) => {"
                            "const b = p.querySelector('.panel-body'); return b && b.id !== 'body:' + p.dataset.panel || !b.children.length; }).map((p) => p.id)")
        assert not wrong and not browser.log()


@pytest.mark.parametrize("screen", [DESK, PHONE], ids=str)
def test_search_finds_a_thing_and_opens_it(browser: Browser, screen: object) -> None:
    browser.open("/", screen)  # type: ignore[arg-type]
    browser.run("document.body.dispatchEvent(new KeyboardEvent('keydown', {key: '/', bubbles: true}))")
    assert browser.run("return document.activeElement.className") == "search-box"
    name = browser.run("return JSON.parse(document.getElementById('search').dataset.entries).find((e) => e[0] === 'station')[1]")
    browser.run("const b = document.querySelector('.search-box'); b.value = arguments[0]; b.dispatchEvent(new Event('input'));", name)
    assert browser.run("return document.querySelector('.search-row .search-name').textContent") == name
    assert not browser.faults(screen).get("targets")  # type: ignore[arg-type]
    press(browser, ".search-box", "Enter")
    browser.until("return location.pathname === '/air' && document.querySelector('.drawer-open .drawer-body h2')", 15)
    assert browser.run("return document.querySelector('.drawer-body h2').textContent") == name
    assert not browser.run("return document.getElementById('search').open") and not browser.log()


def test_search_says_when_there_is_nothing_and_arrows_move(browser: Browser) -> None:
    browser.open("/", DESK)
    browser.run("document.querySelector('[data-do=search]').click()")
    press(browser, ".search-box", "ArrowDown")
    assert browser.run("return [...document.querySelectorAll('.search-row')].findIndex((r) => r.getAttribute('aria-selected') === 'true')") == 1
    browser.run("const b = document.querySelector('.search-box'); b.value = 'zzzzqq'; b.dispatchEvent(new Event('input'));")
    assert browser.run("return !!document.querySelector('.search-none')")
    browser.run("document.getElementById('search').close()")


def test_export_writes_what_the_panel_holds(browser: Browser) -> None:
    browser.open("/", DESK)
    browser.run("window.saved = []; URL.createObjectURL = (b) => { b.text().then((t) => window.saved.push(t)); return 'blob:none'; };"
                "HTMLAnchorElement.prototype.click = function () { window.named = this.download; };"
                "document.querySelector('[data-panel=\"overview.air\"] [data-act=export]').click()")
    text = browser.until("return window.saved[0]", 5)
    assert text.count("\r\n") > 20 and browser.run("return window.named").startswith("overview-air-")


def test_a_refresh_keeps_scroll_focus_and_pictures(browser: Browser) -> None:
    browser.open("/governance", DESK)
    browser.run("const list = document.querySelector('.pictures'); list.scrollTop = 40; window.kept = list.scrollTop;"
                "window.image = document.querySelector('.picture img'); document.querySelector('.picture[data-entity]').focus({preventScroll: true});"
                "window.chosen = document.activeElement.dataset.entity; window.list = list;")
    browser.until("return window.list !== document.querySelector('.pictures')", 30)
    assert browser.run("return document.activeElement.dataset.entity === window.chosen && !!window.chosen")
    assert browser.run("return document.querySelector('.pictures').scrollTop === window.kept")
    assert browser.run("return !window.image || window.image.isConnected")


def test_ages_never_blink(browser: Browser) -> None:
    """A body that is set anew has its ages before it is painted."""
    browser.open("/sources", WALL)
    browser.run("window.empty = 0; window.sets = 0; new MutationObserver((changes) => { for (const c of changes) if ('skeleton' in (c.target.dataset || {})) window.sets += 1;"
                "}).observe(document.body, {subtree: true, childList: true});"
                "(function look() { window.empty += [...document.querySelectorAll('.age')].filter((n) => !n.textContent).length; requestAnimationFrame(look); })();")
    browser.until("return window.sets >= 3", 30)
    assert browser.run("return window.empty") == 0


def test_phone_tabs_show_their_own_part(browser: Browser) -> None:
    browser.open("/", PHONE)
    for name, seen, unseen in (("cases", "[data-panel='overview.findings']", "[data-panel='overview.traffic']"),
                               ("map", ".map-stage", "[data-panel='overview.findings']"), ("mine", ".mine", ".map-stage"),
                               ("overview", "[data-panel='overview.traffic']", ".mine")):
        browser.run("document.getElementById('tab:' + arguments[0]).click()", name)
        browser.until(f'return document.querySelector("{seen}").offsetHeight > 0 && !document.querySelector("{unseen}").offsetHeight', 5)
    faults = browser.faults(PHONE)
    assert not faults, told(faults)
