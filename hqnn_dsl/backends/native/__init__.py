"""The backend `native`: circuits as Pauli rotations, run by compiled kernels on the CPU or a GPU."""
