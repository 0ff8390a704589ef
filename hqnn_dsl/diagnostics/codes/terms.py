"""What is said of reading a state: outputs as sums of Pauli products, and how many of them."""

from __future__ import annotations

from typing import ClassVar

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class TooManyTerms(Diagnostic):
    """The outputs are wanted as sums of Pauli products, and there are too many of these.

    Each of the 2^k probabilities of k qubits is a sum of 2^k products of Z: 4^k in all, a million for 10 qubits. The
    backends `native`, `reference`, `custatevec` and `aer` with its own method never need them; nor does `pennylane`
    with `diff: backprop`. EstimatorQNN, Qiskit's estimators, PennyLane's other ways to differentiate, and
    `program.observables` do.

        wrong   measure probabilities      # 12 qubits, with `backend aer(method: estimator_qnn)`
        right   measure probabilities      # with `backend aer()` or `backend native`
        right   measure probabilities(0, 1, 2)
    """

    code: ClassVar[str] = "E0785"
    message: ClassVar[str] = "{what} would need {terms} Pauli products for these outputs"
    label: ClassVar[str] = "the limit is {limit}"
    advice: ClassVar[str] = "measure fewer qubits, or write `backend native`, which needs none of them"

    what: str
    num_terms: int
    limit: int

    @property
    def terms(self) -> str:
        return f"{self.num_terms:,}"
