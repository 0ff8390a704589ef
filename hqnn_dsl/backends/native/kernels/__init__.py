"""All that Numba compiles for the CPU, and nothing else: kept kernels are named by the hash of this folder."""
