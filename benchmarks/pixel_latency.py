"""From a position sent by a terminal to its pixel in Chromium. Run by hand, with chromium and chromedriver installed:

    python benchmarks/pixel_latency.py [--positions 60]

Starts the whole product with the demo city (399 vehicles, 26 stations, 65 parking places, 13 cameras) and one terminal
more. That terminal drives up and down an empty place, which the map is zoomed to; a script in the page looks at the canvas
pixel where each fix belongs in every frame and notes when it is lit. Sender and browser share one clock.
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from demo.wire import jt808  # noqa: E402
from service.death_guard import die_with_parent  # noqa: E402
from tests.integration.running import Running  # noqa: E402

PHONE = "13999999999"
PLACES = [(116.452 + 0.0004 * n, 31.702) for n in (0, 1, 2, 3, 2, 1)]  # south-west of the roads, empty; 55 km/h
WATCH = """
const places = arguments[0], seen = window.seenPixels = [];
[...window.cityMap.stages.values()][0].map.setView([places[0][1], places[1][0]], 17, {animate: false});
let lit = -1;
(function look() {
  const stage = [...window.cityMap.stages.values()][0];
  const canvas = stage && stage.vehicles && stage.vehicles.canvas;
  if (canvas && canvas.width) {
    const ratio = canvas.width / stage.map.getSize().x, context = canvas.getContext("2d");
    places.slice(0, 4).forEach(([lon, lat], n) => {
      const p = stage.map.latLngToContainerPoint([lat, lon]);
      const alpha = context.getImageData(Math.round(p.x * ratio), Math.round(p.y * ratio), 1, 1).data[3];
      if (alpha > 100 && n !== lit) { lit = n; seen.push([n, Date.now()]); }
    });
  }
  requestAnimationFrame(look);
})();
"""


def browser(width: int = 1920, height: int = 1080) -> webdriver.Chrome:
    """Headless Chromium that asks nobody outside."""
    options = Options()
    options.binary_location = shutil.which("chromium") or ""
    for flag in (
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
        "--disable-background-networking", "--disable-component-update", f"--window-size={width},{height}",
        f"--user-data-dir={tempfile.mkdtemp(prefix='bench-')}",
    ):
        options.add_argument(flag)
    return webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))


def sign_in(driver: webdriver.Chrome, link: str) -> None:
    """Follow the one-time link and confirm it."""
    driver.get(link)
    for button in driver.find_elements(By.CSS_SELECTOR, "form button")[:1]:
        button.click()
    time.sleep(1)


class Terminal:
    """One blocking JT/T 808 terminal."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.serial, self.buffer = 0, bytearray()
        code = self.ask(jt808.REGISTER, jt808.registration("皖N99999", PHONE, v2019=False)).code
        assert self.ask(jt808.AUTHENTICATE, jt808.authentication(code, PHONE, v2019=False)).result == 0

    def ask(self, message: int, body: bytes) -> jt808.Answer:
        """Send and wait for the answer."""
        self.serial += 1
        self.socket.sendall(jt808.frame(message, PHONE, self.serial, body, v2019=False))
        while True:
            self.buffer += self.socket.recv(4096)
            for plain in jt808.split(self.buffer):
                answer = jt808.answer(plain)
                if answer is not None:
                    return answer

    def position(self, lon: float, lat: float) -> float:
        """Send a fix; returns the moment before it was sent."""
        at = time.time()
        self.ask(jt808.LOCATION, jt808.location(jt808.Fix(at=at, lon=lon, lat=lat, speed_kmh=30, heading_deg=0)))
        return at


def measure(driver: webdriver.Chrome, terminal: Terminal, count: int) -> list[float]:
    """Seconds from sending to pixel for `count` positions, two to three seconds apart."""
    driver.execute_script(WATCH, PLACES)
    sent = []
    for n in range(count):
        lon, lat = PLACES[n % len(PLACES)]
        sent.append((PLACES.index((lon, lat)), terminal.position(lon, lat)))
        time.sleep(2.1 + (n * 0.37) % 1)
    time.sleep(3)
    seen = [(place, at / 1000) for place, at in driver.execute_script("return window.seenPixels")]
    found, index = [], 0
    for place, at in sent:
        while index < len(seen) and (seen[index][0] != place or seen[index][1] < at):
            index += 1
        if index < len(seen):
            found.append(seen[index][1] - at)
    return found


def main() -> None:
    """Print median, p95 and worst."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--positions", type=int, default=60)
    count = parser.parse_args().positions
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        config = Path(folder) / "config"
        shutil.copytree(ROOT / "config/luan", config)
        table = config / "transit/vehicles.csv"
        header = table.read_text("utf-8-sig").splitlines()[0].split(",")
        row = {"terminal": PHONE, "kind": "bus", "plate": "皖N99999", "operator": "bench", "line": ""}
        with table.open("a", encoding="utf-8") as file:
            file.write(",".join(row.get(name, "") for name in header) + "\n")
        city = Running(Path(folder) / "data", demo=False, config=config)
        demo = None
        driver = browser()
        try:
            link = city.link()
            web, jt, hj, ingest, *_ = city.ports
            demo = subprocess.Popen(
                [sys.executable, "-m", "demo", "run", "--config", str(ROOT / "config/luan"), "--data-dir", f"{folder}/data",
                 "--jt808-port", str(jt), "--hj212-port", str(hj), "--ingest-url", f"http://127.0.0.1:{ingest}"],
                cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, env=dict(os.environ), preexec_fn=die_with_parent,
            )
            sign_in(driver, link)
            driver.get(f"{city.base}/traffic?portal=desk")
            time.sleep(45)  # the demo city connects and sends its past first
            latencies = sorted(measure(driver, Terminal(jt), count))
            print(json.dumps({
                "sent": count, "seen": len(latencies), "median_s": round(statistics.median(latencies), 2),
                "p95_s": round(latencies[int(len(latencies) * 0.95)], 2), "worst_s": round(latencies[-1], 2),
            }))
        finally:
            driver.quit()
            if demo is not None:
                demo.terminate()
            city.stop()


if __name__ == "__main__":
    main()
