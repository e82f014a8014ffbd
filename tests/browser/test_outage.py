"""When a feed falls silent the page says so by itself, and keeps the last data with their age."""

import pytest

from tests.browser.looking import SCREENS, Browser
from tests.integration.running import Running

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_frozen_feed_turns_late_and_then_stale(browser: Browser, running: Running | None) -> None:
    """JT/T 808 moves every 15 s: late after 30 s, stale after 60 s without a position."""
    if running is None:
        pytest.skip("needs its own city: the demo is stopped")
    browser.open("/", SCREENS[0])
    demo = [running.child("demo"), *running.child("demo").children(recursive=True)]
    state = "return document.querySelector('[data-panel=\"overview.traffic\"]').dataset.state"
    assert browser.run(state) == "live"
    for process in demo:
        process.suspend()
    try:
        browser.until(state + " === 'late'", 60)
        browser.until(state + " === 'stale'", 60)
        assert browser.run("return document.querySelector('[data-panel=\"overview.traffic\"] .figure').textContent") != ""
    finally:
        for process in reversed(demo):
            process.resume()
    browser.until(state + " === 'live'", 90)
