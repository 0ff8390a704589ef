"""Experiments on models: comparison with fair controls, analysis of circuits, sweeps over settings."""
