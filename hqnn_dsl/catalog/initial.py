"""How quantum weights may start: `initial PATH normal(0.1)`, `weight w[reps] = zeros`.

Rows of names and options only; the numbers are drawn by `network`, from a stream of the tensor's own. A checked choice
travels in the circuit as `(name, values)`, the values being those of the row's options in the order written here.
"""

from __future__ import annotations

import math

from hqnn_dsl.catalog.entry import Entry, Option, table

INITIALS: dict[str, Entry] = table(
    Entry(
        name="uniform",
        doc="Evenly distributed between `low` and `high`, in radians; the default, a whole turn.",
        options=(
            Option(name="low", type="float", default=0.0, doc="The lower end, included."),
            Option(name="high", type="float", default=2 * math.pi, doc="The upper end."),
        ),
        positional=2,
    ),
    Entry(
        name="normal",
        doc="Normally distributed around 0.",
        options=(Option(name="std", type="float", default=1.0, minimum=0, doc="The standard deviation, in radians."),),
        positional=1,
    ),
    Entry(
        name="small",
        doc="Normally distributed close to 0: the circuit starts near the one without its weights.",
        options=(Option(name="std", type="float", default=0.1, minimum=0, doc="The standard deviation, in radians."),),
        positional=1,
    ),
    Entry(name="zeros", doc="All 0: every rotation by a weight starts as the identity."),
    Entry(
        name="constant",
        doc="All the same value.",
        options=(Option(name="value", type="float", doc="The value, in radians."),),
        positional=1,
    ),
)
"""All ways to start, by name."""
