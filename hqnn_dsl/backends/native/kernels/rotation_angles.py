"""The angles of a tile's rotations, from those of the call, and their cosines, sines and tangents by register.

The columns of the tables of rotations and of passes are named here, since all that reads them imports this module.
"""

from __future__ import annotations

import math
from typing import Any

from hqnn_dsl.backends.native.kernels.registers import any_below, filled, kernel, lanes, load, not_below, splat, store
from hqnn_dsl.backends.native.kernels.trigonometry import LARGEST, sine_and_cosine

X, Z, BY, LANE_Z, FLIP, BASE, IMAGINARY, KIND, ROWS, LINKS, LINKS_END, PHASE, PLACE_Z = range(13)
TERM_WIDTH, OP_WIDTH = 7, 13
"""Columns of a rotation; the first seven are those of a term too. A PHASE is a rotation in a diagonal run. Where passes
run on blocks, masks are those within a block, and PLACE_Z is the z mask that gives the sign of a block."""
BY_SAMPLE = 2
"""The kind of a rotation that an input reaches; 1 is shared, 0 constant."""
FORM, FIRST, LAST, BITS, AT = range(5)
PASS_WIDTH = 5
"""Columns of a pass: its form, the rotations `FIRST` to `LAST`; of a run of phases the bits of a block, and where its
phases are stored (-1: nowhere); of rotations the bits of their table, and where it begins in the `offsets`."""
LONGEST_TABLE = 256
"""Numbers in a table at most."""
SMALLEST_COSINE = 2.0**-26
SMALLEST_COSINE_DOUBLE = 2.0**-55
"""Half the last place of 1, halved: a rotation whose cosine is smaller is turned by that much less or more."""


@kernel
def shared_angle(j: int, constants: Any, ops: Any, links: Any, factors: Any, shared: Any) -> float:
    """The part of half the angle of rotation j that comes from constants and shared angles."""
    angle = constants[j]
    for k in range(ops[j, LINKS], ops[j, LINKS_END]):
        if links[k, 0] == 0:
            angle += factors[k] * shared[links[k, 1]]
    return angle / 2


@kernel
def finish_trig(trig: Any, at: int, phase: int) -> None:
    """Replace the half angles at `trig[at:]` by their cosines, with the sines behind, or unless `phase` the tangents.

    A cosine next to 0 is moved off it by less than rounding does.
    """
    n = lanes(trig)
    angles = load(trig, at)
    if any_below(filled(trig, LARGEST), angles):
        for k in range(n):
            angle = trig[at + k]
            trig[at + k] = math.cos(angle)
            trig[at + n + k] = math.sin(angle)
        cosine, sine = load(trig, at), load(trig, at + n)
    else:
        sine, cosine = sine_and_cosine(angles)
    if phase == 0:
        cosine = not_below(cosine, filled(trig, SMALLEST_COSINE if n == 8 else SMALLEST_COSINE_DOUBLE))
        sine = sine / cosine
    store(trig, at, cosine)
    store(trig, at + n, sine)


@kernel
def fill_shared(constants: Any, ops: Any, links: Any, factors: Any, shared: Any, trig: Any) -> None:
    """Cosine and sine or tangent of all half angles that no input reaches, in all lanes, two registers a rotation."""
    n = lanes(trig)
    for j in range(len(ops)):
        if ops[j, KIND] != BY_SAMPLE:
            at = 2 * j * n
            store(trig, at, filled(trig, shared_angle(j, constants, ops, links, factors, shared)))
            finish_trig(trig, at, ops[j, PHASE])


@kernel
def fill_samples(
    b: int,
    width: int,
    lane: Any,
    constants: Any,
    ops: Any,
    links: Any,
    factors: Any,
    samples: Any,
    shared: Any,
    trig: Any,
) -> None:
    """The same for the half angles that differ by sample, for a tile."""
    n = lanes(trig)
    for j in range(len(ops)):
        if ops[j, KIND] == BY_SAMPLE:
            at = 2 * j * n
            own = trig[at : at + n]
            store(own, 0, filled(trig, shared_angle(j, constants, ops, links, factors, shared)))
            for k in range(ops[j, LINKS], ops[j, LINKS_END]):
                if links[k, 0] == 1:
                    factor, column = factors[k] / 2, links[k, 1]
                    for i in range(width):
                        own[i] += factor * samples[b + i, column]
            if lane is not None:
                store(own, 0, splat(trig, own[0]))
            finish_trig(trig, at, ops[j, PHASE])
