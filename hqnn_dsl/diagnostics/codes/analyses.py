"""What keeps `hqnn analyze` from a number: measures that there are not, options without effect, inputs out of range."""

from __future__ import annotations

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class NotFinite(Diagnostic):
    """At a random point of the analysis an angle of the circuit is no finite number.

    Inputs are drawn uniformly from a range, [-π, π] if none is given; a function in an angle may have no value there.

    wrong   hqnn analyze model.hqnn                        # an angle is 1 / x[0] or log(x[0])
    right   hqnn analyze model.hqnn --inputs 0.5:1
    """

    code = "E0670"
    message = "with inputs from {low} to {high} an angle of the circuit is no finite number"
    advice = "give a range in which the functions of the angles have values, such as `--inputs 0.5:1`"
    low: str
    high: str


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownMeasure(Diagnostic):
    """There is no measure of that name. `hqnn analyze --help` and docs/analyze.md have the names.

    wrong   hqnn analyze model.hqnn --only expressivity
    right   hqnn analyze model.hqnn --only expressibility
    """

    code = "E0671"
    exit_code = 2
    message = "`{name}` is no measure of `hqnn analyze`"
    name: str


@lazy_dataclass(frozen=True, kw_only=True)
class NotAnalyzed(Diagnostic):
    """An option of `hqnn analyze` belongs to a measure that is left out, or changes nothing of this circuit.

    wrong   hqnn analyze model.hqnn --only entanglement --grid 31      # the grid is that of the landscape
    right   hqnn analyze model.hqnn --only landscape --grid 31
    """

    code = "E0672"
    exit_code = 2
    message = "`{option}` changes nothing: {reason}"
    option: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class NothingToScale(Diagnostic):
    """It is not known which setting of the spec is to be changed for other widths or depths.

    The number of qubits is changed by a constant (`let width = 4`, `circuit on width qubits`), the depth by a constant
    that a `repeat` or a block's `reps` reads, or by the `reps` of the only ansatz. Any other setting is named.

    wrong   hqnn analyze model.hqnn --widths 2..6            # `circuit on 4 qubits`
    right   hqnn analyze model.hqnn --widths n=2..6          # with `let n = 4`, `circuit on n qubits`
    right   hqnn analyze model.hqnn --depths ladder.reps=1..6
    """

    code = "E0673"
    exit_code = 2
    message = "`{option}` does not know which setting to change: {reason}"
    option: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class NoLikelihood(Diagnostic):
    """The outputs of the circuit are not what the likelihood of the Fisher information is about.

    `categorical` needs one `measure probabilities(…)` alone; `parity` needs one product of Paulis alone, whose value v
    gives the classes the probabilities (1 ± v)/2. `gaussian` takes all outputs as means of unit variance.

    wrong   hqnn analyze model.hqnn --likelihood parity        # `measure z` of four qubits
    right   hqnn analyze model.hqnn --likelihood gaussian
    """

    code = "E0674"
    exit_code = 2
    message = "the likelihood `{likelihood}` needs {needs}"
    advice = "take `--likelihood gaussian`, or measure that"
    likelihood: str
    needs: str
