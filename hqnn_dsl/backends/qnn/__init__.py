"""Qiskit Machine Learning's EstimatorQNN as an executable of ours; imports torch and Qiskit only when loaded."""
