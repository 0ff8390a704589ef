"""Circuits and networks as files that other programs read: OpenQASM 3, QPY, drawings, and the Torch module."""
