"""The import of pyarrow, which commands keep away from pandas; this module imports nothing."""

from __future__ import annotations

import sys


def allow_import() -> None:
    """Take back that pyarrow must not be imported: pandas is loaded, and scikit-learn looks whether pyarrow is."""
    if sys.modules.get("pyarrow", sys) is None:
        del sys.modules["pyarrow"]
