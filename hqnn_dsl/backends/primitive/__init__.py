"""The backend `primitive`: circuits on Qiskit's estimators, over state vectors, fake devices and real ones.

`placement` makes a circuit that the device runs, `jobs` sends it in jobs that are kept on disk and survive a lost
connection, `service` reaches IBM's devices, `executable` is the torch side.
"""
