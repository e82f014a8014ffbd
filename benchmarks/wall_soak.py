"""A wall page left alone in Chromium: heap, nodes and listeners over time, measured after garbage collection. Run by hand:

    python benchmarks/wall_soak.py LINK [--minutes 30]     # LINK: a sign-in link of a running city
"""

import argparse
import json
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.pixel_latency import browser, sign_in


def main() -> None:
    """One JSON line a minute; the last one compares the second half with the first."""
    parser = argparse.ArgumentParser()
    parser.add_argument("link")
    parser.add_argument("--minutes", type=int, default=30)
    options = parser.parse_args()
    base = f"http://{urlsplit(options.link).netloc}"
    driver = browser(3840, 1080)
    try:
        sign_in(driver, options.link)
        driver.get(f"{base}/?portal=wall")
        driver.execute_cdp_cmd("Performance.enable", {})
        samples = []
        for minute in range(options.minutes + 1):
            time.sleep(60 if minute else 20)
            driver.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
            metrics = {m["name"]: m["value"] for m in driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]}
            sample = {
                "minute": minute, "heap_mb": round(metrics["JSHeapUsedSize"] / 1e6, 2), "nodes": int(metrics["Nodes"]),
                "listeners": int(metrics["JSEventListeners"]),
                "link": driver.execute_script("return document.getElementById('link-state').dataset.link"),
            }
            samples.append(sample)
            print(json.dumps(sample), flush=True)
        half = len(samples) // 2
        first, second = (sum(s["heap_mb"] for s in part) / len(part) for part in (samples[1 : half + 1], samples[half + 1 :]))
        print(json.dumps({"mean_heap_first_half_mb": round(first, 2), "mean_heap_second_half_mb": round(second, 2)}))
    finally:
        driver.quit()


if __name__ == "__main__":
    main()
