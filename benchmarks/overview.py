"""What an open overview costs its browser: `python -m benchmarks.overview --minutes 10`.

`dataquarantine dev` with the dashboard, records at a fixed rate, and a real browser that shows the
overview all the while. Long tasks (over 50 ms) as a share of the time, the growth of the heap after
a forced collection, and the size of the largest live event. A task lasts as long as it waits for a
core, so beside them stands the CPU time of the page's main thread and of all browser processes.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import threading
import time
import urllib.request
from pathlib import Path
from statistics import mean
from typing import Any

import psutil
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from benchmarks.dev_run import dev_run
from benchmarks.surroundings import machine

#: Fonts, first pictures and the just-in-time compiler are not what goes on for ten minutes.
WARM_UP_S = 30.0
LOOK_EVERY_S = 5.0
BARS = {"long_task_share": 0.01, "heap_growth": 0.10, "largest_event_bytes": 32_000}
WATCH = """
window.longTasks = [];
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) window.longTasks.push([task.startTime, task.duration]);
}).observe({ type: "longtask" });
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=int, default=10_000)
    parser.add_argument("--invalid", type=float, default=0.02)
    parser.add_argument("--broker", default="kafka", help="kafka or tansu")
    parser.add_argument("--picture", type=Path, help="Keep a picture of the page at the end.")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with dev_run(arguments.broker, arguments.rate, arguments.invalid) as url:
        report = measure(url, arguments.minutes * 60, arguments.picture)
    report |= {"kind": "overview", **machine(), "asked_rate": arguments.rate}
    print(json.dumps(report, indent=2))
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    missed = [name for name, bar in BARS.items() if report[name] > bar]
    if missed:
        raise SystemExit(f"above the bar: {', '.join(missed)}")


def measure(url: str, seconds: float, picture: Path | None) -> dict[str, Any]:
    """Keep the overview open and tell what it cost."""
    events = LiveEvents(url)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
            args=["--no-sandbox", "--disable-gpu"],
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="dark")
        page.add_init_script(WATCH)
        page.goto(url)
        page.wait_for_timeout(WARM_UP_S * 1000)
        cdp = page.context.new_cdp_session(page)
        cdp.send("Performance.enable", {"timeDomain": "threadTicks"})
        report = _watch(page, Costs(browser, cdp), cdp, url, seconds)
        if picture:
            page.screenshot(path=picture)
        browser.close()
    return {**report, **events.stopped()}


def _watch(page: Page, costs: Costs, cdp: CDPSession, url: str, seconds: float) -> dict[str, Any]:
    before = _heap(cdp)
    # Tasks are told of later than they end: their start tells the warm-up's and the collection's.
    begun = page.evaluate("performance.now()")
    psutil.cpu_percent()
    spent, started = costs.read(), time.monotonic()
    busy: list[float] = []
    rates: list[float] = []
    while time.monotonic() - started < seconds:
        page.wait_for_timeout(LOOK_EVERY_S * 1000)
        busy.append(psutil.cpu_percent() / 100)
        rates.append(_rate(url))
    took = time.monotonic() - started
    cpu = {name: round((now - spent[name]) / took, 4) for name, now in costs.read().items()}
    told: list[tuple[float, float]] = page.evaluate("window.longTasks")
    tasks = [lasted for start, lasted in told if start >= begun]
    after = _heap(cdp)
    return {
        "seconds": round(took),
        "records_per_s": round(mean(rates[len(rates) // 2 :])),  # the first minute is filling up
        "machine_busy": round(mean(busy), 2),
        "load_average": os.getloadavg()[1],
        "long_tasks": len(tasks),
        "longest_task_ms": round(max(tasks, default=0.0)),
        "long_task_share": round(sum(tasks) / 1000 / took, 5),
        "cpu_share": cpu,
        "heap_before_kb": before // 1000,
        "heap_after_kb": after // 1000,
        "heap_growth": round(after / before - 1, 4),
    }


class Costs:
    """Reads the CPU time in seconds of the page's main thread, and of the whole browser."""

    def __init__(self, browser: Browser, cdp: CDPSession) -> None:
        self._cdp = cdp
        self._browser = browser.new_browser_cdp_session()

    def read(self) -> dict[str, float]:
        told = self._cdp.send("Performance.getMetrics")["metrics"]
        page = {each["name"]: each["value"] for each in told}
        processes = self._browser.send("SystemInfo.getProcessInfo")["processInfo"]
        return {
            "main_thread": page["TaskDuration"],
            "script": page["ScriptDuration"],
            "style": page["RecalcStyleDuration"],
            "layout": page["LayoutDuration"],
            "all_processes": sum(each["cpuTime"] for each in processes),
        }


def _heap(cdp: CDPSession) -> int:
    """Collect garbage and tell what is left."""
    for _ in range(3):  # what a finalizer frees goes with the next one
        cdp.send("HeapProfiler.collectGarbage")
    return int(cdp.send("Runtime.getHeapUsage")["usedSize"])


def _rate(url: str) -> float:
    with urllib.request.urlopen(f"{url}api/v1/overview", timeout=30) as answer:
        rates = json.loads(answer.read())["rates"]
    return float((rates["valid"] or 0) + (rates["invalid"] or 0))


class LiveEvents:
    """Reads the live stream beside the browser and keeps the sizes of its events."""

    def __init__(self, url: str) -> None:
        self._answer = urllib.request.urlopen(f"{url}api/v1/live", timeout=30)
        self._sizes: list[int] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        size = 0
        for line in self._answer:
            size += len(line)
            if line == b"\n":  # an event ends with an empty line
                self._sizes.append(size)
                size = 0
            if self._stop.is_set():
                return

    def stopped(self) -> dict[str, int]:
        """Stop reading and tell how many events there were, and how large."""
        self._stop.set()
        self._thread.join(30)
        self._answer.close()
        return {"events": len(self._sizes), "largest_event_bytes": max(self._sizes, default=0)}


if __name__ == "__main__":
    main()
