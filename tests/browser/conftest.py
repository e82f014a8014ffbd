"""A city that runs as a user starts it, and a browser that is signed in."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from tests.browser.looking import Browser
from tests.integration.running import Running

ROOT = Path(__file__).resolve().parents[2]
SWITCHES = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--disable-dev-shm-usage")


@pytest.fixture(scope="session")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """Headless Chromium; absent: skipped, on the build server an error (tests/conftest.py)."""
    driver, browser = shutil.which("chromedriver"), shutil.which("chromium") or shutil.which("google-chrome")
    if not driver or not browser:
        pytest.skip("chromium and chromedriver are not installed")
    options = Options()
    options.binary_location = browser
    for switch in (*SWITCHES, f"--user-data-dir={tmp_path_factory.mktemp('chrome')}"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    made = webdriver.Chrome(options=options, service=Service(driver))
    made.set_page_load_timeout(60)
    try:
        yield made
    finally:
        made.quit()


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running | None]:
    """The whole product with the demo city; None when TEST_CITY_LINK names one that runs already."""
    if os.environ.get("TEST_CITY_LINK"):
        yield None
        return
    city = Running(tmp_path_factory.mktemp("city"), demo=True, config=ROOT / "config" / "luan")
    try:
        yield city
    finally:
        city.stop()


@pytest.fixture(scope="session")
def live_city(running: Running | None) -> str:
    """A one-time sign-in link of the running city."""
    return os.environ.get("TEST_CITY_LINK") or (running.link() if running else "")


@pytest.fixture(scope="session")
def browser(chrome: webdriver.Chrome, live_city: str) -> Browser:
    """Signed in, with data on the screen."""
    made = Browser(chrome, live_city)
    made.sign_in()
    made.wait_for_data()
    return made
