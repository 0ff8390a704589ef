"""A headless Chromium, driven through chromedriver on this machine's own address, for tests of pages."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
MISSING = "" if CHROMIUM and DRIVER else "there is no Chromium with chromedriver here"
PORT_IS = "started successfully on port "


class Browser:
    """A session of a browser that may not reach any host."""

    def __init__(self, address: str) -> None:
        self._address = address
        options = {
            "binary": CHROMIUM,
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                     "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND"],
        }  # fmt: skip
        wanted = {"browserName": "chrome", "goog:chromeOptions": options,
                  "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}  # fmt: skip
        found = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self._session = f"/session/{found['sessionId']}"

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self._address}{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def cdp(self, command: str, **parameters: object) -> Any:
        """Sends a command of the DevTools protocol."""
        return self._ask("POST", f"{self._session}/goog/cdp/execute", {"cmd": command, "params": parameters})

    def run(self, script: str) -> Any:
        """Returns what a script returns on the page."""
        return self._ask("POST", f"{self._session}/execute/sync", {"script": script, "args": []})

    def log(self, kind: str) -> list[dict[str, Any]]:
        """Returns the entries of a log since it was last read."""
        return self._ask("POST", f"{self._session}/se/log", {"type": kind})

    def open(self, page: Path, width: int, *, dark: bool = False, until: str = "data-drawn") -> None:
        """Opens a file at a width in dots of a screen, and waits until its root has an attribute: figures are drawn."""
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.cdp("Emulation.setEmulatedMedia", features=scheme)
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 500)
        self._ask("POST", f"{self._session}/url", {"url": page.resolve().as_uri()})
        for _ in range(200):
            if self.run(f"return document.documentElement.hasAttribute('{until}')"):
                return
            time.sleep(0.1)
        raise AssertionError(f"the figures of {page.name} are not drawn: {self.log('browser')}")

    def picture(self) -> bytes:
        """Returns the whole page as PNG."""
        found = self.cdp("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(found["data"])

    def printed(self) -> bytes:
        """Returns the page as it is printed, as PDF."""
        found = self.cdp("Page.printToPDF", printBackground=True, paperWidth=8.27, paperHeight=11.69)
        return base64.b64decode(found["data"])

    def close(self) -> None:
        self._ask("DELETE", self._session)


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser that ends with the block."""
    assert DRIVER is not None
    driver = subprocess.Popen([DRIVER, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert driver.stdout is not None
    try:
        said = next((line for line in driver.stdout if PORT_IS in line), "")
        port = said.partition(PORT_IS)[2].strip().rstrip(".")
        found = Browser(f"http://127.0.0.1:{port}")
        try:
            yield found
        finally:
            found.close()
    finally:
        driver.terminate()
        driver.wait(timeout=30)
