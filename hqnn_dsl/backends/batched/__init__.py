"""Aer run with all samples and all shifts at once; imports torch, Qiskit and Aer only when loaded.

`settings` is what the options mean for a circuit, `readout` the Pauli terms that are read and what outputs they make,
`simulation` hands rows of angles to Aer and checks its report, `sampling` and `trajectories` give outputs the noise of
shots, `noise` makes Aer's noise models, `gradients` turns evaluations into gradients, `executable` is the torch side.
"""
