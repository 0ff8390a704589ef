"""The native plan by NVIDIA's cuStateVec, for states too large for the CUDA kernels: a call of the library a rotation.

`library` has the few calls that are used, in their C form behind tensors; `reading` makes Pauli terms of everything
that is read; `executable` is the algorithm and the torch function. The row in the table of backends is `custatevec`.
"""
