"""The backend `custatevec`: the native plan by NVIDIA's cuStateVec, a call of the library a rotation.

`library` has the few calls that are used, in their C form behind tensors; `reading` makes Pauli terms of everything
that is read; `executable` is the algorithm and the torch function.
"""
