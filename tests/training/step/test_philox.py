"""Random numbers of a counter against the published vectors of Random123, and masks of dropout by their statistics."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from hqnn_dsl.training.step.kernels import philox

ONES = 0xFFFFFFFF
PUBLISHED = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ONES,) * 4, (ONES,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
"""Counter, key and result of `philox4x32 10` in Random123's `kat_vectors`."""


@njit
def words(counter, key):
    return philox.philox(counter[0], counter[1], counter[2], counter[3], key[0], key[1])


@njit
def mask(seed, epoch, step, layer, unit, row):
    return philox.dropout_mask(seed, epoch, step, layer, unit, row)


@njit
def masks(seed, epoch, step, layer, units, rows):
    found = np.empty((units, rows), np.float32)
    for unit in range(units):
        for row in range(rows):
            found[unit, row] = philox.dropout_mask(seed, epoch, step, layer, unit, row)
    return found


@njit
def masks_by_four(seed, epoch, step, layer, units, rows):
    found = np.empty((units, rows), np.float32)
    for unit in range(units):
        for four in range(rows // 4):
            a, b, c, d = philox.dropout_masks(seed, epoch, step, layer, unit, four)
            found[unit, 4 * four : 4 * four + 4] = np.array([a, b, c, d])
    return found


@pytest.mark.parametrize(("counter", "key", "result"), PUBLISHED)
def test_words_are_the_published_ones(counter, key, result):
    assert words(np.array(counter, np.uint64), np.array(key, np.uint64)) == result


SEED = np.uint64(0xFEDCBA9876543210)


def test_masks_are_uniform_from_0_to_below_1():
    found = masks(SEED, 3, 5, 1, 64, 1024).ravel()
    assert found.dtype == np.float32
    assert found.min() >= 0
    assert found.max() < 1
    counts, _ = np.histogram(found, 64, (0, 1))
    expected = len(found) / 64
    assert ((counts - expected) ** 2 / expected).sum() < 63 + 5 * np.sqrt(2 * 63)
    assert abs(found.mean() - 0.5) < 5 / np.sqrt(12 * len(found))


def test_masks_of_neighbouring_places_are_unrelated():
    grids = [masks(SEED, epoch, step, layer, 32, 256) for epoch, step, layer in np.ndindex(2, 2, 2)]
    grids.append(masks(SEED ^ np.uint64(1), 0, 0, 0, 32, 256))
    values = np.array(grids).reshape(len(grids), -1)
    bound = 5 / np.sqrt(values.shape[1])
    assert np.abs(np.corrcoef(values) - np.eye(len(grids))).max() < bound
    of_units = np.array(grids[0])
    assert np.abs(np.corrcoef(of_units) - np.eye(32)).max() < 5 / np.sqrt(256)


@pytest.mark.parametrize("place", range(6))
def test_every_part_of_a_place_changes_the_number(place):
    given = [int(SEED), 7, 11, 2, 13, 17]
    changed = [value + (number == place) for number, value in enumerate(given)]
    assert mask(np.uint64(given[0]), *given[1:]) != mask(np.uint64(changed[0]), *changed[1:])


def test_four_rows_at_once_are_the_rows():
    assert np.array_equal(masks_by_four(SEED, 1, 2, 3, 8, 64), masks(SEED, 1, 2, 3, 8, 64))


def test_seeds_of_either_sign_are_their_64_bits():
    assert mask(np.int64(-5), 1, 2, 3, 4, 5) == mask(np.uint64(2**64 - 5), 1, 2, 3, 4, 5)
