"""The kernels for a GPU: a block a sample, the whole program in one launch, no atomics, every sum in a fixed order.

A state is a flat array: `size` real parts, then `size` imaginary ones if amplitudes are complex. It lies in shared
memory if it fits (with the adjoint beside it on the way back), else in global memory, a buffer a block or a sample.

With K = -iP up to its sign, which is in the angle's factors, a rotation takes ψ to c·ψ + s·Kψ. K takes row q = r ^ x to
row r with the sign of the parity of q & z, times i if `IMAGINARY`. Rows from `ROWS` on are still zero.

**Which thread writes.** In a rotation each pair of rows (r, r ^ x) belongs to one thread; the pairs are other ones in
the next rotation, so there is a barrier between rotations and none inside. Every barrier is met by all threads of a
block: the condition of a loop or branch around it is the same for all of them. Sums over the block go through `fold`.

All device code is in this file: Numba's cache on disk looks for changes in the file of a kernel only.
"""

from __future__ import annotations

import math
from typing import Any

from numba import cuda, uint32

GROUP = 8
"""Sums over the block that are folded together; the number of threads is a multiple of it."""
BLOCK = 64
"""Numbers that a thread adds up in its own precision before they go to a sum in double precision."""
X, Z, IMAGINARY, ROWS, TOP, KINDS = range(6)
"""Columns of a rotation. `TOP` is the number of the highest bit of x; `KINDS` has bit 0 if shared angles feed it,
bit 1 if angles per sample do."""
DIAGONAL, MIXING, MIXING_IMAGINARY, OUTCOME = range(4)
"""Kinds of readings, in their last column. Terms have x, z before it. An outcome is Σ|ψ|² over the rows `start` ^ any
sum of `count` rows of `nulls` from `first` on, and has start, first, count."""


@cuda.jit(device=True)
def parity(bits: Any) -> Any:
    """1 if the number of bits is odd."""
    return cuda.popc(uint32(bits)) & 1


@cuda.jit(device=True)
def row_of(pair: Any, top: Any) -> Any:
    """The row of a pair whose bit `top` is 0: a 0 is put in at that place."""
    high = (pair >> top) << top
    return pair + high


@cuda.jit(device=True)
def rotate_real(psi: Any, at: Any, rows: Any, x: Any, z: Any, top: Any, c: Any, s: Any) -> None:
    """Rotate a real state; K is real, and x is never 0."""
    for pair in range(cuda.threadIdx.x, rows >> 1, cuda.blockDim.x):
        r = row_of(pair, top)
        q = r ^ x
        a, b = psi[at + r], psi[at + q]
        psi[at + r] = c * a + (-s if parity(q & z) else s) * b
        psi[at + q] = c * b + (-s if parity(r & z) else s) * a


@cuda.jit(device=True)
def rotate_complex(
    psi: Any, at: Any, size: Any, rows: Any, x: Any, z: Any, top: Any, imaginary: Any, c: Any, s: Any
) -> None:
    """Rotate a complex state."""
    to = at + size
    if x == 0:
        for r in range(cuda.threadIdx.x, rows, cuda.blockDim.x):
            t = -s if parity(r & z) else s
            a, ai = psi[at + r], psi[to + r]
            psi[at + r] = c * a - t * ai
            psi[to + r] = c * ai + t * a
        return
    for pair in range(cuda.threadIdx.x, rows >> 1, cuda.blockDim.x):
        r = row_of(pair, top)
        q = r ^ x
        t, u = -s if parity(q & z) else s, -s if parity(r & z) else s
        a, ai, b, bi = psi[at + r], psi[to + r], psi[at + q], psi[to + q]
        if imaginary:
            psi[at + r], psi[to + r] = c * a - t * bi, c * ai + t * b
            psi[at + q], psi[to + q] = c * b - u * ai, c * bi + u * a
        else:
            psi[at + r], psi[to + r] = c * a + t * b, c * ai + t * bi
            psi[at + q], psi[to + q] = c * b + u * a, c * bi + u * ai


@cuda.jit(device=True)
def back_real(
    psi: Any, at: Any, lam: Any, to: Any, rows: Any, x: Any, z: Any, top: Any, c: Any, s: Any, zero: Any
) -> Any:
    """Un-apply a rotation from state and adjoint, both real; this thread's part of Σ λ·Kψ."""
    total = 0.0
    stride = cuda.blockDim.x * BLOCK
    for begin in range(cuda.threadIdx.x, rows >> 1, stride):
        found = zero
        for pair in range(begin, min(rows >> 1, begin + stride), cuda.blockDim.x):
            r = row_of(pair, top)
            q = r ^ x
            a, b, u, v = psi[at + r], psi[at + q], lam[to + r], lam[to + q]
            odd, odd_q = parity(q & z), parity(r & z)
            found += (-b if odd else b) * u + (-a if odd_q else a) * v
            t, w = s if odd else -s, s if odd_q else -s
            psi[at + r], psi[at + q] = c * a + t * b, c * b + w * a
            lam[to + r], lam[to + q] = c * u + t * v, c * v + w * u
        total += found
    return total


@cuda.jit(device=True)
def back_diagonal(psi: Any, at: Any, lam: Any, to: Any, size: Any, rows: Any, z: Any, c: Any, s: Any, zero: Any) -> Any:
    """The same for complex amplitudes and a rotation that mixes no rows: Re λ*·iσψ of before."""
    total = 0.0
    stride = cuda.blockDim.x * BLOCK
    for begin in range(cuda.threadIdx.x, rows, stride):
        found = zero
        for r in range(begin, min(rows, begin + stride), cuda.blockDim.x):
            a, ai, u, ui = psi[at + r], psi[at + size + r], lam[to + r], lam[to + size + r]
            odd = parity(r & z)
            slope = ui * a - u * ai
            found += -slope if odd else slope
            t = s if odd else -s
            psi[at + r], psi[at + size + r] = c * a - t * ai, c * ai + t * a
            lam[to + r], lam[to + size + r] = c * u - t * ui, c * ui + t * u
        total += found
    return total


@cuda.jit(device=True)
def back_complex(
    psi: Any,
    at: Any,
    lam: Any,
    to: Any,
    size: Any,
    rows: Any,
    x: Any,
    z: Any,
    top: Any,
    imaginary: Any,
    c: Any,
    s: Any,
    zero: Any,
) -> Any:
    """The same for complex amplitudes and a rotation that mixes rows."""
    total = 0.0
    stride = cuda.blockDim.x * BLOCK
    for begin in range(cuda.threadIdx.x, rows >> 1, stride):
        found = zero
        for pair in range(begin, min(rows >> 1, begin + stride), cuda.blockDim.x):
            r = row_of(pair, top)
            q = r ^ x
            odd, odd_q = parity(q & z), parity(r & z)
            a, ai, b, bi = psi[at + r], psi[at + size + r], psi[at + q], psi[at + size + q]
            u, ui, v, vi = lam[to + r], lam[to + size + r], lam[to + q], lam[to + size + q]
            t, w = s if odd else -s, s if odd_q else -s
            if imaginary:
                one, two = ui * b - u * bi, vi * a - v * ai
                psi[at + r], psi[at + size + r] = c * a - t * bi, c * ai + t * b
                psi[at + q], psi[at + size + q] = c * b - w * ai, c * bi + w * a
                lam[to + r], lam[to + size + r] = c * u - t * vi, c * ui + t * v
                lam[to + q], lam[to + size + q] = c * v - w * ui, c * vi + w * u
            else:
                one, two = u * b + ui * bi, v * a + vi * ai
                psi[at + r], psi[at + size + r] = c * a + t * b, c * ai + t * bi
                psi[at + q], psi[at + size + q] = c * b + w * a, c * bi + w * ai
                lam[to + r], lam[to + size + r] = c * u + t * v, c * ui + t * vi
                lam[to + q], lam[to + size + q] = c * v + w * u, c * vi + w * ui
            found += (-one if odd else one) + (-two if odd_q else two)
        total += found
    return total


@cuda.jit(device=True)
def fold(part: Any, at: Any, count: Any, into: Any, block: Any, first: Any, step: Any) -> None:
    """Sum `count` groups of a number a thread, part[at + group·threads + thread], to into[block, first + step·group]

    The first barrier makes all numbers visible. Then each thread reads and writes numbers that no other one reads or
    writes; after the second, one thread a group adds what is left; after the third `part` may be written again, and
    everybody sees the sums.
    """
    threads, own = cuda.blockDim.x, cuda.threadIdx.x
    segments = threads // GROUP
    group, segment = own // segments, own % segments
    cuda.syncthreads()
    if group < count:
        place = at + group * threads + segment
        total = 0.0
        for k in range(GROUP):
            total += part[place + k * segments]
        part[place] = total
    cuda.syncthreads()
    if own < count:
        total = 0.0
        for k in range(segments):
            total += part[at + own * threads + k]
        into[block, first + step * own] = total
    cuda.syncthreads()


@cuda.jit(device=True)
def dot(row: Any, first: Any, columns: Any, factors: Any, values: Any, block: Any, base: Any) -> Any:
    """Row `row` of the sparse matrix times values[block, base:]."""
    total = 0.0
    for k in range(first[row], first[row + 1]):
        total += factors[k] * values[block, base + columns[k]]
    return total


@cuda.jit(device=True)
def member(number: Any, reading: Any, readings: Any, nulls: Any) -> Any:
    """Row `number` of an outcome."""
    r = readings[reading, 0]
    start = readings[reading, 1]
    for k in range(readings[reading, 2]):
        if (number >> k) & 1:
            r ^= nulls[start + k]
    return r


@cuda.jit(device=True)
def read(psi: Any, at: Any, size: Any, dual: Any, t: Any, readings: Any, nulls: Any, zero: Any) -> Any:
    """This thread's part of reading `t`: <P> without its sign, or the probability of an outcome."""
    x, z, kind = readings[t, 0], readings[t, 1], readings[t, 3]
    rows = 1 << readings[t, 2] if kind == OUTCOME else size
    total = 0.0
    stride = cuda.blockDim.x * BLOCK
    for begin in range(cuda.threadIdx.x, rows, stride):
        found = zero
        for number in range(begin, min(rows, begin + stride), cuda.blockDim.x):
            r = member(number, t, readings, nulls) if kind == OUTCOME else number
            q = r if kind == OUTCOME else r ^ x
            if kind == MIXING_IMAGINARY:
                value = psi[at + size + r] * psi[at + q] - psi[at + r] * psi[at + size + q]
            else:
                value = psi[at + r] * psi[at + q]
                if dual:
                    value += psi[at + size + r] * psi[at + size + q]
            odd = 0 if kind == OUTCOME else parity(q & z)
            found += -value if odd else value
        total += found
    return total


@cuda.jit(device=True)
def spread(
    psi: Any, at: Any, lam: Any, to: Any, size: Any, dual: Any, t: Any, readings: Any, nulls: Any, w: Any
) -> None:
    """Add w·Oψ to the adjoint for reading `t`; a row is written by one thread, by another one for another outcome."""
    x, z, kind = readings[t, 0], readings[t, 1], readings[t, 3]
    rows = 1 << readings[t, 2] if kind == OUTCOME else size
    for number in range(cuda.threadIdx.x, rows, cuda.blockDim.x):
        r = member(number, t, readings, nulls) if kind == OUTCOME else number
        q = r if kind == OUTCOME else r ^ x
        odd = 0 if kind == OUTCOME else parity(q & z)
        u = -w if odd else w
        if kind == MIXING_IMAGINARY:
            lam[to + r] -= u * psi[at + size + q]
            lam[to + size + r] += u * psi[at + q]
        else:
            lam[to + r] += u * psi[at + q]
            if dual:
                lam[to + size + r] += u * psi[at + size + q]


@cuda.jit(device=True)
def fill_trig(b: Any, shape: Any, program: Any, samples: Any, shared: Any, trig: Any) -> None:
    """Cosine and sine of half the angle of each rotation of sample b, to the block's row of `trig`."""
    block = cuda.blockIdx.x
    for j in range(cuda.threadIdx.x, shape.rotations, cuda.blockDim.x):
        angle = program.constants[j]
        for k in range(program.first[j], program.first[j + 1]):
            column = program.columns[k]
            if column < shape.samples:
                angle += program.factors[k] * samples[b, column]
            else:
                angle += program.factors[k] * shared[column - shape.samples]
        trig[block, 2 * j] = 0.5 * angle  # rounded here, so that cosine and sine are those of one number
        half = trig[block, 2 * j]
        trig[block, 2 * j] = math.cos(half)
        trig[block, 2 * j + 1] = math.sin(half)


@cuda.jit(device=True)
def start_state(psi: Any, at: Any, dual: Any, b: Any, shape: Any, program: Any, start: Any) -> None:
    """|0…0>, or the amplitudes of sample b."""
    for r in range(cuda.threadIdx.x, (1 + dual) * shape.size, cuda.blockDim.x):
        psi[at + r] = 0
    cuda.syncthreads()  # an amplitude is written by another thread than the zero before it
    if shape.places == 0 and cuda.threadIdx.x == 0:
        psi[at] = 1
    for k in range(cuda.threadIdx.x, shape.places, cuda.blockDim.x):
        psi[at + program.places[k]] = start[b, k]


@cuda.jit(device=True)
def rotate_all(psi: Any, at: Any, dual: Any, shape: Any, ops: Any, trig: Any) -> None:
    """All rotations; what was written before is visible from the first barrier on."""
    for j in range(shape.rotations):
        cuda.syncthreads()
        c, s = trig[cuda.blockIdx.x, 2 * j], trig[cuda.blockIdx.x, 2 * j + 1]
        x, z, rows, top = ops[j, X], ops[j, Z], ops[j, ROWS], ops[j, TOP]
        if dual:
            rotate_complex(psi, at, shape.size, rows, x, z, top, ops[j, IMAGINARY], c, s)
        else:
            rotate_real(psi, at, rows, x, z, top, c, s)


@cuda.jit(device=True)
def read_all(
    psi: Any, at: Any, dual: Any, shape: Any, program: Any, part: Any, place: Any, sums: Any, zero: Any
) -> None:
    """All readings, to the block's row of `sums` behind the rotations' places."""
    threads = cuda.blockDim.x
    cuda.syncthreads()  # the last rotation is done
    for t in range(shape.readings):
        group = t % GROUP
        part[place + group * threads + cuda.threadIdx.x] = read(
            psi, at, shape.size, dual, t, program.readings, program.nulls, zero
        )
        if group == GROUP - 1 or t == shape.readings - 1:
            fold(part, place, group + 1, sums, cuda.blockIdx.x, shape.rotations + t - group, 1)


@cuda.jit(device=True)
def start_adjoint(
    psi: Any, at: Any, lam: Any, to: Any, dual: Any, b: Any, shape: Any, program: Any, upstream: Any, sums: Any
) -> None:
    """λ = Σ g·Oψ over all readings of sample b."""
    own, block = cuda.threadIdx.x, cuda.blockIdx.x
    for r in range(own, (1 + dual) * shape.size, cuda.blockDim.x):
        lam[to + r] = 0
    row = shape.rotations + shape.samples + shape.shared + shape.outputs
    for t in range(own, shape.readings, cuda.blockDim.x):
        sums[block, shape.rotations + t] = dot(row + t, program.first, program.columns, program.factors, upstream, b, 0)
    cuda.syncthreads()  # ψ, the zeros of λ and the weights are there
    for t in range(shape.readings):
        if program.readings[t, 3] == OUTCOME:
            cuda.syncthreads()  # its rows belong to other threads than those of the reading before
        spread(psi, at, lam, to, shape.size, dual, t, program.readings, program.nulls, sums[block, shape.rotations + t])


@cuda.jit(device=True)
def sweep(
    psi: Any, at: Any, lam: Any, to: Any, dual: Any, shape: Any, ops: Any, trig: Any, asked: Any, stop: Any,
    part: Any, place: Any, sums: Any, zero: Any,
) -> None:  # fmt: skip
    """Un-apply rotations down to `stop`; the slopes of those that are asked for go to the block's row of `sums`."""
    threads, block, size = cuda.blockDim.x, cuda.blockIdx.x, shape.size
    for j in range(shape.rotations - 1, stop - 1, -1):
        cuda.syncthreads()  # the rows of this rotation's pairs were written by other threads
        c, s = trig[block, 2 * j], trig[block, 2 * j + 1]
        x, z, rows, top = ops[j, X], ops[j, Z], ops[j, ROWS], ops[j, TOP]
        slope = 0.0
        if ops[j, KINDS] & asked:
            if not dual:
                slope = back_real(psi, at, lam, to, rows, x, z, top, c, s, zero)
            elif x == 0:
                slope = back_diagonal(psi, at, lam, to, size, rows, z, c, s, zero)
            else:
                slope = back_complex(psi, at, lam, to, size, rows, x, z, top, ops[j, IMAGINARY], c, s, zero)
        elif dual:
            rotate_complex(psi, at, size, rows, x, z, top, ops[j, IMAGINARY], c, -s)
            rotate_complex(lam, to, size, rows, x, z, top, ops[j, IMAGINARY], c, -s)
        else:
            rotate_real(psi, at, rows, x, z, top, c, -s)
            rotate_real(lam, to, rows, x, z, top, c, -s)
        group = (shape.rotations - 1 - j) % GROUP
        part[place + group * threads + cuda.threadIdx.x] = slope
        if group == GROUP - 1 or j == stop:
            fold(part, place, group + 1, sums, block, j + group, -1)


def make(real: Any, dual: int, in_shared: int) -> tuple[Any, Any]:
    """The kernels (forward, backward) for amplitudes of Numba's type `real`, complex if `dual`, as functions to be
    jitted. These three are constants of theirs: branches on them are decided when they are compiled.

    A block takes samples b, b + blocks, …. `states` has a row a sample if `keep`, else a row a block if states
    lie in global memory. `trig[blocks, 2R]` and `sums[blocks, R + T]` are scratch, R rotations, T readings.
    """
    numbers = 1 + dual

    def forward(
        batch: Any, shape: Any, program: Any, samples: Any, shared: Any, start: Any, trig: Any, sums: Any,
        states: Any, keep: Any, add: Any, out: Any,
    ) -> None:  # fmt: skip
        """Outputs of all samples to out[B, M], added to those there if `add`; `keep` the final states."""
        own = cuda.shared.array(0, real)
        block, thread, threads = cuda.blockIdx.x, cuda.threadIdx.x, cuda.blockDim.x
        for b in range(block, batch, cuda.gridDim.x):
            psi = own if in_shared else states[b if keep else block]
            place = numbers * shape.size if in_shared else 0
            fill_trig(b, shape, program, samples, shared, trig)
            start_state(psi, 0, dual, b, shape, program, start)
            rotate_all(psi, 0, dual, shape, program.ops, trig)
            read_all(psi, 0, dual, shape, program, own, place, sums, real(0))
            row = shape.rotations + shape.samples + shape.shared
            for m in range(thread, shape.outputs, threads):
                value = program.offsets[m] + dot(
                    row + m, program.first, program.columns, program.factors, sums, block, shape.rotations
                )
                out[b, m] = out[b, m] + value if add else value
            if in_shared and keep:
                for r in range(thread, numbers * shape.size, threads):
                    states[b, r] = psi[r]
            cuda.syncthreads()  # the next sample takes the same memory

    def backward(
        batch: Any, shape: Any, program: Any, samples: Any, shared: Any, start: Any, trig: Any, sums: Any,
        states: Any, keep: Any, add: Any, adjoints: Any, upstream: Any, asked: Any, stop: Any, grads: Any,
        own_grads: Any, start_grads: Any,
    ) -> None:  # fmt: skip
        """Gradients for upstream[B, M]: of shared angles, a row a sample, to own_grads[B, W] (bit 0 of `asked`), of
        angles per sample to grads[B, E] (bit 1), of the amplitudes to start_grads[B, P] (bit 2); added if `add`.

        States kept in global memory are used up.
        """
        own = cuda.shared.array(0, real)
        block, thread, threads = cuda.blockIdx.x, cuda.threadIdx.x, cuda.blockDim.x
        for b in range(block, batch, cuda.gridDim.x):
            psi = own if in_shared else states[b if keep else block]
            lam = own if in_shared else adjoints[block]
            to = numbers * shape.size if in_shared else 0
            place = 2 * to
            fill_trig(b, shape, program, samples, shared, trig)
            if not keep:
                start_state(psi, 0, dual, b, shape, program, start)
                rotate_all(psi, 0, dual, shape, program.ops, trig)
                cuda.syncthreads()  # the last rotation is done
            elif in_shared:
                for r in range(thread, numbers * shape.size, threads):
                    psi[r] = states[b, r]
            start_adjoint(psi, 0, lam, to, dual, b, shape, program, upstream, sums)
            sweep(psi, 0, lam, to, dual, shape, program.ops, trig, asked, stop, own, place, sums, real(0))
            cuda.syncthreads()  # also if no rotation was left: λ is whole
            for column in range(thread, shape.samples + shape.shared, threads):
                kind = 2 if column < shape.samples else 1
                if not asked & kind:
                    continue
                value = dot(shape.rotations + column, program.first, program.columns, program.factors, sums, block, 0)
                if kind == 2:
                    grads[b, column] = grads[b, column] + value if add else value
                else:
                    k = column - shape.samples
                    own_grads[b, k] = own_grads[b, k] + value if add else value
            if asked & 4:
                for k in range(thread, shape.places, threads):
                    value = 2 * lam[to + program.places[k]]
                    start_grads[b, k] = start_grads[b, k] + value if add else value
            cuda.syncthreads()  # the next sample takes the same memory

    return forward, backward
