"""Random numbers for dropout from a counter: Philox 4x32 of ten rounds (Salmon, Moraes, Dror and Shaw, 2011).

A number depends on the seed and on its place alone, so it is the same in whatever order, by whatever thread, and after
whatever break it is drawn.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hqnn_dsl.backends.native.kernels.registers import kernel, routine

MULTIPLIER_0, MULTIPLIER_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
KEY_STEP_0, KEY_STEP_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
LOW, HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
ROUNDS = 10
ROWS_A_CALL = 4
"""Neighbouring rows whose numbers come from one counter."""
DROPPED_BITS = np.uint64(8)
"""float32 has 24 bits: of a word of 32, the highest are used."""
UNIT = np.float32(2.0**-24)


@kernel
def philox(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
    """Returns four random words for a counter of four and a key of two, all of them uint64 below 2^32."""
    for _ in range(ROUNDS):
        first, second = MULTIPLIER_0 * c0, MULTIPLIER_1 * c2
        c0, c1 = (second >> HALF) ^ c1 ^ k0, second & LOW
        c2, c3 = (first >> HALF) ^ c3 ^ k1, first & LOW
        k0, k1 = (k0 + KEY_STEP_0) & LOW, (k1 + KEY_STEP_1) & LOW
    return c0, c1, c2, c3


@kernel
def uniform(word: Any) -> Any:
    """A float32 in [0, 1) of a random word."""
    return np.float32(word >> DROPPED_BITS) * UNIT


@routine
def dropout_masks(seed: int, epoch: int, step: int, layer: int, unit: int, rows: int) -> Any:
    """Returns the `dropout_mask` of rows `4 * rows` to `4 * rows + 3`, as four numbers."""
    word = np.uint64(seed)
    c0, c1, c2, c3 = philox(
        np.uint64(rows) & LOW,
        np.uint64(unit) & LOW,
        np.uint64(step) & LOW,
        np.uint64(epoch) & LOW,
        word & LOW,
        (word >> HALF) ^ (np.uint64(layer) & LOW),
    )
    return uniform(c0), uniform(c1), uniform(c2), uniform(c3)


@routine
def dropout_mask(seed: int, epoch: int, step: int, layer: int, unit: int, row: int) -> Any:
    """Returns a number in [0, 1), float32 and uniform, for a place: a unit is dropped if it is below the rate.

    `seed` has 64 bits, the others have 32; none is negative.
    """
    four = dropout_masks(seed, epoch, step, layer, unit, row // ROWS_A_CALL)
    place = row % ROWS_A_CALL
    if place < 2:
        return four[0] if place == 0 else four[1]
    return four[2] if place == 2 else four[3]
