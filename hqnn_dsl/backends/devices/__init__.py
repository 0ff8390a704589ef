"""Circuits on what is reached through Qiskit's estimators: state vectors, fake devices, real ones.

`placing` makes a circuit that the device runs, `jobs` sends it in jobs that are kept on disk and survive a lost
connection, `executable` is the torch side, and `meter` counts what is spent.
"""
