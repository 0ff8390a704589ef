"""The backend `reference`: states as dense torch tensors, the plain and slow way that all others are held against.

`state` applies gates and reads expectation values, `executable` runs a circuit with them. Both import torch, so the
backend table imports neither until a circuit is loaded.
"""
