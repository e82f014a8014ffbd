"""What a person does in front of a screen, for tests: sign in, open a page on a screen of some size, look."""

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from selenium import webdriver

CHECKS = (Path(__file__).parent / "checks.js").read_text("utf-8")
SCRIPT = "return " + CHECKS[CHECKS.index("(function (portal)"):]
FIRST_DATA_S = 60


class Screen(msgspec.Struct, frozen=True):
    """A portal on a screen of this size in CSS pixels."""

    portal: str
    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.portal}-{self.width}x{self.height}"


SCREENS = (Screen("wall", 3840, 1080), Screen("wall", 1920, 1080), Screen("wall", 3840, 2160), Screen("desk", 1366, 768),
           Screen("desk", 1920, 1080), Screen("phone", 360, 780), Screen("phone", 430, 932))


class Browser:
    """A driver that knows the city's address."""

    def __init__(self, driver: webdriver.Chrome, link: str) -> None:
        self.driver, self.link = driver, link
        self.shown: tuple[Screen, str, str] | None = None
        parts = urlsplit(link)
        self.base = f"{parts.scheme}://{parts.netloc}"

    def sign_in(self) -> None:
        """Open the one-time link; where it asks to go on, go on."""
        self.driver.get(self.link)
        deadline = time.monotonic() + 20
        while not any(cookie["name"] == "city_session" for cookie in self.driver.get_cookies()):
            for button in self.driver.find_elements("css selector", "form button"):
                button.click()
            assert time.monotonic() < deadline, f"not signed in at {self.driver.current_url}"
            time.sleep(0.3)

    def open(self, path: str, screen: Screen, lang: str = "zh", theme: str = "light") -> None:
        """Load a page anew on this screen and wait until the live link has filled every panel."""
        size = {"width": screen.width, "height": screen.height, "deviceScaleFactor": 1, "mobile": screen.portal == "phone"}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get(f"{self.base}{path}?portal={screen.portal}&lang={lang}&theme={theme}")
        self.shown = (screen, lang, theme)
        self._settle()

    def visit(self, path: str, screen: Screen, lang: str = "zh", theme: str = "light") -> None:
        """As `open`, but from a page already shown on this screen go there as its links do: nothing is loaded anew."""
        if self.shown != (screen, lang, theme):
            self.open(path, screen, lang, theme)
            return
        self.driver.get_log("browser")
        self.go(path)

    def go(self, path: str) -> None:
        """Follow a link inside the application and wait for the page."""
        self.run("const a = document.createElement('a'); a.href = arguments[0]; a.dataset.nav = '';"
                 "document.body.append(a); a.click(); a.remove();", path)
        name = path.partition("#")[0].strip("/") or "overview"
        self.until(f"return !!document.getElementById('main:{name}')", 10)
        self._settle()

    def _settle(self) -> None:
        self.until("return document.querySelector('.panel[data-panel]') && !document.querySelector('main .face-loading')", 25)
        self.until("return !document.querySelector('.map-stage') || !!document.querySelector('.map-stage[data-filled]')", 15)
        time.sleep(1.1)  # ages, cut lists and map labels settle within a second

    def until(self, script: str, seconds: float) -> Any:
        """Poll a script until it is true."""
        deadline = time.monotonic() + seconds
        while True:
            value = self.driver.execute_script(script)  # type: ignore[no-untyped-call]
            if value:
                return value
            assert time.monotonic() < deadline, f"waited in vain for: {script}\n{self.log()}"
            time.sleep(0.2)

    def run(self, script: str, *values: Any) -> Any:
        """The result of a script."""
        return self.driver.execute_script(script, *values)  # type: ignore[no-untyped-call]

    def wait_for_data(self) -> None:
        """A city that has just started has no snapshot yet."""
        self.driver.get(self.base + "/?portal=desk")
        self.until("return document.querySelectorAll('.panel .kpi').length > 2", FIRST_DATA_S)

    def faults(self, screen: Screen) -> dict[str, list[str]]:
        """What checks.js finds, and what only the browser's log and network know."""
        found: dict[str, list[str]] = self.run(SCRIPT, screen.portal)
        found["console"] = self.log()
        names = self.run("return performance.getEntriesByType('resource').map((e) => e.name)")
        found["foreign"] = [name for name in names if not name.startswith((self.base, "data:", "blob:", self.base.replace("http", "ws")))]
        return {kind: rows for kind, rows in found.items() if rows}

    def log(self) -> list[str]:
        """Errors of the console."""
        return [row["message"] for row in self.driver.get_log("browser") if row["level"] == "SEVERE"]


def told(faults: dict[str, list[str]]) -> str:
    """For an assertion's message."""
    return json.dumps(faults, ensure_ascii=False, indent=1)
