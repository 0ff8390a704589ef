"""The native plan on CUDA: a circuit's whole program in one launch forward and one back, by numba-cuda.

`tables` lays a program out as arrays, `kernels` run on the GPU, `launch` decides where states lie and how
many threads work, counts memory before it is taken, and launches on torch's stream. `executable` is the torch function,
`device` says whether all that can run here. Nothing is imported before a CUDA tensor, or `device: cuda`, asks for it.
"""
