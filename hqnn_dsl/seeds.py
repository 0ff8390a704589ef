"""Named random streams: every consumer of chance draws its own seed from the one root that a spec states.

A seed is a hash of the root and the stream's name, so a new consumer moves no other. The names in use are the keys of
`STREAMS`; sub-streams (`shuffle`, epoch 7) are drawn from a stream's seed in the same way.
"""

from __future__ import annotations

import hashlib

STREAMS: dict[str, str] = {
    "split": "which rows are for training, validation and test",
    "init": "starting weights, classical and quantum",
    "shuffle": "the order of the training rows in each epoch",
    "dropout": "what dropout layers leave out",
    "other rows": "which row's inputs a circuit reads under `shuffle inputs`",
    "shots": "measurement noise of backends that sample",
    "transpile": "choices of the transpiler",
}
"""The streams that a root seed feeds, with what each decides."""


def stream(root: int, name: str) -> int:
    """The seed of the stream `name` under `root`, any integer: 0 <= seed < 2**32, the same on every machine."""
    digest = hashlib.sha256(f"{root}/{name}".encode()).digest()
    return int.from_bytes(digest[:4], "little")
