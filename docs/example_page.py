"""Makes docs/example-report.html, the page of a run, anew: trains specs/model.hqnn on specs/data/yacht.csv.

    python docs/example_page.py

Of the environment, the platform is cut to the system's name: the page is to show what a page has, not whose machine
it was made on. A test holds that it has the sections that pages have now.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
from pathlib import Path

import hqnn

DOCS = Path(__file__).parent
PAGE = DOCS / "example-report.html"


def main() -> None:
    """Train, and write the page."""
    os.chdir(DOCS.parent)
    table = Path("specs/data/yacht.csv")
    with tempfile.TemporaryDirectory() as folder:
        run = hqnn.train(
            "specs/model.hqnn", table, Path(folder) / "yacht-1", set={"backend": "native", "device": "cpu"}
        )
        environment = run.path / "environment.json"
        known = json.loads(environment.read_text(encoding="utf-8"))
        environment.write_text(json.dumps(known | {"platform": platform.system()}), encoding="utf-8")
        hqnn.write_report(run, table, PAGE, force=True)
    print(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
