"""The backend `aer`: Qiskit Aer, all samples and shifts in one run, or behind `EstimatorQNN` and `TorchConnector`.

`options` is what may be asked for and what goes together, `settings` what that means for a circuit, `simulation`
hands rows of angles to Aer and checks its report, `sampling` and `trajectories` give outputs the noise of shots,
`noise` makes Aer's noise models, `executable` is the torch side, `estimator_qnn` the other one, `installation` which
Aer is here. Only `backend`, `options` and `installation` are light to import.
"""
