"""A hash of the package's own source, so that a replay can tell whether the code is another one.

A version is too coarse for that. The hash is of modules and blocks, `.py` and `.hqnn`, by their paths and texts: the
same in a checkout and an installation.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path

import hqnn_dsl

ENDINGS = (".py", ".hqnn")


@cache
def code_hash() -> str | None:
    """Returns the hash of the source of this package, None if it is not there as files. Computed once in a process."""
    root, found = Path(hqnn_dsl.__file__).parent, hashlib.sha256()
    places = [Path(folder, name) for folder, _, names in os.walk(root) for name in names if name.endswith(ENDINGS)]
    try:
        for path in sorted(places):
            text = path.read_bytes().replace(b"\r\n", b"\n")
            found.update(f"{path.relative_to(root).as_posix()} {len(text)}\n".encode() + text)
    except OSError:
        return None
    return found.hexdigest() if places else None
