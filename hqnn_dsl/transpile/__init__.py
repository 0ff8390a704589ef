"""From our circuits to Qiskit's, and on to the gates and qubits of a device.

`convert` writes a circuit as a `QuantumCircuit` with the spec's names, `passes` transpiles it and lays the observables
out, `equivalence` compares the two numerically before anything uses or writes the result.
"""
