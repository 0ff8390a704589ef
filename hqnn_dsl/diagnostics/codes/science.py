"""Experiments: packages that they need, and seals (E0680 to E0684, W0488, W0489)."""

from __future__ import annotations

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class ScienceMissing(Diagnostic):
    """Comparisons and sweeps need packages of the extra `science`, which are not installed here.

    Optuna proposes settings, statsmodels and scikit-posthocs have the tests of several contenders.

        wrong   hqnn compare model.hqnn data.csv      # in an environment without them
        right   pip install 'hqnn-dsl[science]'
    """

    code = "E0680"
    exit_code = 3
    message = "comparisons and sweeps need {packages}, which this environment does not have"
    advice = "run `pip install 'hqnn-dsl[science]'`"
    packages: str


@lazy_dataclass(frozen=True, kw_only=True)
class SealBroken(Diagnostic):
    """An experiment is not the one that its seal states: another spec, table, split or protocol.

    A seal is written before any test row is scored, and states all of these. What was changed after it is no longer
    what was sealed. The table may be given as another file, but must have the same cells in the same order.

        wrong   hqnn compare model.hqnn data.csv --folds 10 --seal seals/model-1.json      # sealed with 5 folds
        right   hqnn compare model.hqnn data.csv --folds 5 --seal seals/model-1.json
    """

    code = "E0681"
    message = "{path} seals another experiment: {difference}"
    advice = "run what was sealed, or seal what you want to run: `hqnn seal SPEC DATA`"
    path: str
    difference: str


@lazy_dataclass(frozen=True, kw_only=True)
class RowsSealed(Diagnostic):
    """Another experiment has sealed rows that this one would test on.

    Rows that were scored once no longer test a hypothesis that is made afterwards. The seals in the folder beside the
    table are looked through, or those of `--seals DIR`.

        wrong   hqnn compare other.hqnn data.csv      # seals/model-1.json claims the rows of data.csv
        right   hqnn compare model.hqnn data.csv --seal seals/model-1.json
    """

    code = "E0682"
    message = "{rows} to test on are claimed by {path}, a seal of {when} with {difference}"
    advice = "run what was sealed with `--seal {quoted}`, or seal this experiment, and name its seal with `--seal`"
    rows: str
    path: str
    when: str
    difference: str
    quoted: str


@lazy_dataclass(frozen=True, kw_only=True)
class BadSeal(Diagnostic):
    """A file is no seal of `hqnn seal`, or it was changed: the hash in it is not that of the rest of it.

    wrong   hqnn compare model.hqnn data.csv --seal model.hqnn
    right   hqnn compare model.hqnn data.csv --seal seals/model-1.json
    """

    code = "E0683"
    message = "{path} is no valid seal: {reason}"
    advice = "give a file that `hqnn seal` wrote and nobody changed"
    path: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class NothingToSeal(Diagnostic):
    """There are no test rows, so a comparison would have nothing to test, and a seal nothing to claim.

    wrong   split test: 0      # and no folds
    right   split test: 0.2
    """

    code = "E0684"
    message = "`{table}` has no test rows in this protocol, so there is nothing to seal"
    advice = "give the `split` of the spec test rows, or use folds"
    table: str


@lazy_dataclass(frozen=True, kw_only=True)
class SealBeside(Diagnostic):
    """Other seals claim test rows of this one. All of them stand in the new seal, and a comparison shows them.

    It is right if both were made before any of these rows was scored. A second seal after a first result tests nothing
    that was not known.

        wrong   hqnn seal model.hqnn data.csv --trials 20      # after a comparison with 5 trials that was not liked
        right   hqnn seal model.hqnn data.csv                  # once, before the first comparison
    """

    code = "W0488"
    severity = "warning"
    message = "{rows} to test on are claimed already, by {seals}"
    advice = "the new seal names them; a result is confirmed only if no test row was scored before"
    rows: str
    seals: str


@lazy_dataclass(frozen=True, kw_only=True)
class SealOtherVersions(Diagnostic):
    """The packages are not those of the seal: numbers may differ by rounding, and by changes of defaults.

    wrong   pip install --upgrade optuna      # between `hqnn seal` and `hqnn compare`
    right   hqnn seal model.hqnn data.csv && hqnn compare model.hqnn data.csv --seal seals/model-1.json
    """

    code = "W0489"
    severity = "warning"
    message = "{path} was sealed with other versions: {changes}"
    advice = "install the versions of the seal to run exactly what was sealed"
    path: str
    changes: str
