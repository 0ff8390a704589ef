"""The compiled training step: many steps of a whole network in one call, without the interpreter's lock.

`plan` lays a network, its loss and its optimizer out as tables, or says why torch trains it; `runner` trains by them,
`outputs` computes values. `kernels` holds all that Numba compiles, `compiled` keeps it on disk.
"""
