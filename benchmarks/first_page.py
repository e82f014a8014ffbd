"""From `app.py run` (installed, empty data folder, with the demo city) to the first live page in Chromium. Run by hand:

    python benchmarks/first_page.py
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from selenium.webdriver.support.ui import WebDriverWait

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.pixel_latency import browser, sign_in  # noqa: E402
from tests.integration.running import Running  # noqa: E402

LIVE = """
return document.getElementById('link-state')?.dataset.link === 'live'
  && document.querySelectorAll('.panel[data-face="live"]').length;
"""
PAGES = ("/", "/traffic", "/parking", "/air", "/governance", "/sources")


def main() -> None:
    """Seconds until the link is printed, until a page is live, and until every page is."""
    driver = browser()
    driver.get("about:blank")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        began = time.perf_counter()
        city = Running(Path(folder) / "data", demo=True, config=ROOT / "config/luan")
        try:
            link = city.link()
            found = {"link_s": time.perf_counter() - began}
            sign_in(driver, link)
            for page in PAGES:
                driver.get(city.base + page)
                WebDriverWait(driver, 60, 0.05).until(lambda d: d.execute_script(LIVE))
                found[f"{page} live_s"] = time.perf_counter() - began
            print(json.dumps({name: round(value, 1) for name, value in found.items()}))
        finally:
            driver.quit()
            city.stop()


if __name__ == "__main__":
    main()
