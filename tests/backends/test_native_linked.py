"""Kernels that are only linked into entry points give the same as those of Numba's own pipeline; views are NumPy's."""

from __future__ import annotations

import gc

import numba
import numpy as np
import pytest

from hqnn_dsl.backends.native import compiled
from hqnn_dsl.backends.native.kernels import adjoint, apply, packed, rotate
from hqnn_dsl.backends.native.kernels.linked import OPTIONS, LinkedCompiler, LinkedLibrary
from hqnn_dsl.backends.native.kernels.packed import column, numbers, pack, table
from hqnn_dsl.backends.native.kernels.views import hold, matrix, part


def nested(options):
    """A function over a kernel over a kernel, the inner one called twice."""

    @numba.njit(**options)
    def inner(values, by):
        total = 0.0
        for value in values:
            total += np.sin(value) / by
        return total

    @numba.njit(**options)
    def outer(values):
        return inner(values, 3.0) + inner(values[1:], 7.0)

    @numba.njit
    def entry(values):
        return outer(values) * 2

    return entry, outer, inner


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_linked_kernels_compute_what_numbas_own_pipeline_does(dtype):
    values = np.linspace(-3, 3, 101).astype(dtype)
    entry, *kernels = nested({"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "error_model": "numpy"} | OPTIONS)
    plain, *_ = nested({"error_model": "numpy"})
    assert entry(values) == plain(values)
    for kernel in kernels:
        (found,) = kernel.overloads.values()
        assert isinstance(found.library, LinkedLibrary)
    (found,) = entry.overloads.values()
    assert not isinstance(found.library, LinkedLibrary)


@pytest.mark.parametrize("kernel", [apply.rotate_all, adjoint.read_terms, rotate.rotate_pairs, packed.table])
def test_kernels_of_the_engine_are_linked_only(kernel):
    assert kernel._compiler.pipeline_class is LinkedCompiler


def test_views_are_those_of_numpy():
    tables = [np.arange(12).reshape(4, 3), np.empty((0, 2), np.int64), np.arange(100, 105)]
    floats = [np.linspace(0, 1, 7), np.empty(0), np.array([5.5])]
    whole, reals = pack(tables, floats)

    @numba.njit
    def all_of(whole, reals):
        part(reals, 1, 3)[0] = -1.0
        found = (
            (table(whole, 0, 3).copy(), table(whole, 1, 2).copy(), column(whole, 2).copy()),
            (numbers(whole, 3, reals).copy(), numbers(whole, 4, reals).copy(), numbers(whole, 5, reals).copy()),
            (part(reals, 1, 3).copy(), matrix(whole, 2, 3, 2).copy()),
        )
        hold(whole)
        hold(reals)
        return found

    integers, found, (some, pairs) = all_of(whole, reals)
    assert reals[1] == -1.0
    floats[0][1] = -1.0
    for one, expected in zip((*integers, *found), (*tables, *floats), strict=True):
        assert one.shape == expected.shape
        assert np.array_equal(one, expected)
    assert np.array_equal(some, reals[1:4])
    assert np.array_equal(pairs, whole[2:8].reshape(-1, 2))


def test_collections_of_garbage_go_on_after_a_first_call():
    seen = []

    def kernel():
        seen.append(gc.isenabled())
        raise ValueError("no kernel")

    assert gc.isenabled()
    with pytest.raises(ValueError, match="no kernel"):
        compiled.call(("no kernel",), kernel)
    assert seen == [False]
    assert gc.isenabled()
    gc.disable()
    try:
        with pytest.raises(ValueError, match="no kernel"):
            compiled.call(("no kernel",), kernel)
        assert not gc.isenabled()
    finally:
        gc.enable()
