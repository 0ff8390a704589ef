"""How a backend that can only evaluate a circuit gets gradients: what its option `gradient` takes."""

from __future__ import annotations

from hqnn_dsl.catalog.entry import Entry, Option, table

GRADIENTS = table(
    Entry(name="parameter_shift", doc="The shift rule of each gate: exact but for noise, two runs an angle or more."),
    Entry(
        name="spsa",
        doc="Simultaneous perturbation: all angles move at once; two runs a sample, however many angles; noisy.",
        options=(
            Option(name="samples", type="int", doc="Draws that are averaged.", default=1, minimum=1),
            Option(
                name="step", type="float", doc="How far angles move, in radians.", default=0.1, above=0.0, maximum=1.5
            ),
        ),
    ),
)
"""Ways to gradients by name."""
