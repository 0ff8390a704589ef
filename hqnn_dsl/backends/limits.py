"""How much memory a state may take, checked before it is allocated."""

from __future__ import annotations

MAX_STATE_BYTES = 8 * 2**30
"""Largest memory, in bytes, for the states that one call of a backend keeps at the same time."""

CHUNK_BYTES = 64 * 2**20
"""Where no gradient is wanted, a batch is run in parts whose states take about this many bytes."""

MAX_GPU_STATE_BYTES = 128 * 2**30
"""Largest memory, in bytes, for one state on any GPU; what the GPU at hand has is asked when it runs."""
