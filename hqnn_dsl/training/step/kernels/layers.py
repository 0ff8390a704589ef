"""The classical layers of a network as a tape of rows of numbers, run forward and back.

Every layer reads the features that begin at its SOURCE and writes those from its TARGET on; slopes lie in a buffer of
the same form. A feature is `stride` numbers, the rows of a batch and padding, in which slopes are 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hqnn_dsl.backends.native.kernels.registers import lane_sum
from hqnn_dsl.backends.native.kernels.views import part
from hqnn_dsl.training.step.kernels import elementwise, rows
from hqnn_dsl.training.step.kernels.dropout import dropout
from hqnn_dsl.training.step.kernels.elementwise import ELEMENTWISE
from hqnn_dsl.training.step.kernels.products import outer_sums, product, row_sum

if TYPE_CHECKING:
    from collections.abc import Callable

CODE, INS, OUTS, SOURCE, TARGET, WEIGHT, BIAS, TRAINED, BIAS_TRAINED, BACK, ROOM, NUMBER = range(12)
"""Columns: the code, widths, where features begin, where weights and biases begin (-1: there are none), whether each is
trained, whether the slopes of the input are wanted, where features of its own begin, and the number of the layer."""
TAPE_WIDTH = 12
LAYER_CODES = {name: code for code, name in enumerate((*ELEMENTWISE, "dense", "softmax", "layer_norm", "dropout"))}
DENSE, SOFTMAX, LAYER_NORM, DROPOUT = (LAYER_CODES[name] for name in ("dense", "softmax", "layer_norm", "dropout"))


def layers_for(key: int) -> Callable[..., int]:
    """The entry point for values; see `compiled` for `key`. It returns 0."""

    def layers(
        tape: Any, constants: Any, begin: int, end: int, stride: int, weights: Any, values: Any, draws: Any
    ) -> int:
        """Layers `begin` to `end`. `draws` are (seed, epoch, step) for dropout; a negative step switches it off."""
        if key == 0:
            return 0
        for k in range(begin, end):
            row = tape[k]
            code, ins, outs = row[CODE], row[INS], row[OUTS]
            x, y = part(values, row[SOURCE] * stride, ins * stride), part(values, row[TARGET] * stride, outs * stride)
            if code == DENSE:
                product(weights, row[WEIGHT], ins, 1, row[BIAS], outs, ins, stride, x, y)
            elif code < DENSE:
                elementwise.forward(code, constants[k, 0], constants[k, 1], ins * stride, x, y)
            elif code == SOFTMAX:
                rows.softmax(ins, stride, x, y)
            elif code == LAYER_NORM:
                room = part(values, row[ROOM] * stride, 2 * stride)
                rows.layer_norm(ins, stride, constants[k, 0], weights, row[WEIGHT], row[BIAS], x, y, room)
            else:
                room = part(values, row[ROOM] * stride, ins * stride)
                dropout(constants[k, 0], row[NUMBER], ins, stride, draws, x, y, room)
        return 0

    return layers


def layers_back_for(key: int) -> Callable[..., int]:
    """The entry point for gradients; see `compiled` for `key`. It returns 0."""

    def layers_back(
        tape: Any,
        constants: Any,
        begin: int,
        end: int,
        stride: int,
        weights: Any,
        grads: Any,
        values: Any,
        slopes: Any,
    ) -> int:
        """Layers `end` down to `begin`: gradients of their trained weights, slopes of inputs where wanted."""
        if key == 0:
            return 0
        for k in range(end - 1, begin - 1, -1):
            row = tape[k]
            code, ins, outs = row[CODE], row[INS], row[OUTS]
            x, y = part(values, row[SOURCE] * stride, ins * stride), part(values, row[TARGET] * stride, outs * stride)
            dx, dy = part(slopes, row[SOURCE] * stride, ins * stride), part(slopes, row[TARGET] * stride, outs * stride)
            if row[BIAS_TRAINED]:
                for o in range(outs):
                    grads[row[BIAS] + o] = row_sum(dy, o * stride, stride)
            if code == DENSE:
                if row[TRAINED]:
                    outer_sums(dy, x, outs, ins, stride, grads, row[WEIGHT])
                if row[BACK]:
                    product(weights, row[WEIGHT], 1, ins, -1, ins, outs, stride, dy, dx)
                continue
            room = part(values, row[ROOM] * stride, ins * stride)
            if code == LAYER_NORM and row[TRAINED]:
                for i in range(ins):
                    grads[row[WEIGHT] + i] = lane_sum(rows.layer_norm_scale(i, stride, x, room, dy))
            if not row[BACK]:
                continue
            if code < DENSE:
                elementwise.backward(code, constants[k, 0], constants[k, 1], ins * stride, x, y, dy, dx)
            elif code == SOFTMAX:
                rows.softmax_back(ins, stride, y, dy, dx)
            elif code == LAYER_NORM:
                rows.layer_norm_back(ins, stride, weights, row[WEIGHT], x, room, dy, dx)
            else:
                rows.times(ins * stride, dy, room, dx)
        return 0

    return layers_back
