"""Compiled code of the training step; all files of this folder are part of the key of kept kernels."""
