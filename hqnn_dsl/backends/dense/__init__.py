"""State vectors as dense torch tensors: the plain, slow, obvious way that everything else is held against.

`state` applies gates and reads expectation values, `executable` runs a circuit with them. Both import torch, so the
backend table imports neither until a circuit is loaded.
"""
