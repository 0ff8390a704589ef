"""Reports about devices that are reached through Qiskit's estimators, and about their cost."""

from __future__ import annotations

from typing import ClassVar

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownPrimitive(Diagnostic):
    """`backend primitive(…)` names nothing that can be one.

    It is `statevector` for Qiskit's exact estimator, a fake device of qiskit-ibm-runtime, whose names begin with
    `fake_`, or a real device of IBM's service, whose names begin with `ibm_`.

        wrong   backend primitive("torino")
        right   backend primitive("fake_torino")
    """

    code: ClassVar[str] = "E0750"
    message: ClassVar[str] = "`primitive` knows no device `{name}`"
    label: ClassVar[str] = "no such device"
    advice: ClassVar[str] = (
        'write `primitive("statevector")`, a fake device such as `primitive("fake_torino")`, or a real one, `ibm_…`'
    )

    name: str


@lazy_dataclass(frozen=True, kw_only=True)
class ServiceMissing(Diagnostic):
    """Real devices are reached with the package qiskit-ibm-runtime, which is not installed here.

    wrong   backend primitive("ibm_torino")      # in an environment without the package
    right   pip install 'hqnn-dsl[ibm]'
    """

    code: ClassVar[str] = "E0751"
    message: ClassVar[str] = "the device `{name}` needs qiskit-ibm-runtime, which is not installed"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = "run `pip install 'hqnn-dsl[ibm]'`"
    exit_code: ClassVar[int] = 3

    name: str


@lazy_dataclass(frozen=True, kw_only=True)
class NoAccount(Diagnostic):
    """A real device was asked for, and no account of IBM's service is saved on this machine.

    The account is saved once, by qiskit-ibm-runtime, with an API key from the service's web page. Nothing of it belongs
    into a spec.

        wrong   backend primitive("ibm_torino")      # before an account is saved
        right   QiskitRuntimeService.save_account(channel="ibm_quantum_platform", token="YOUR API KEY")
    """

    code: ClassVar[str] = "E0752"
    message: ClassVar[str] = "the device `{name}` needs an account, and none{account} is saved here"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = (
        "run once in Python: `from qiskit_ibm_runtime import QiskitRuntimeService; "
        'QiskitRuntimeService.save_account(channel="ibm_quantum_platform", token="YOUR API KEY")`'
    )
    exit_code: ClassVar[int] = 3

    name: str
    account: str


@lazy_dataclass(frozen=True, kw_only=True)
class DeviceUnreachable(Diagnostic):
    """The service of a real device could not be reached, or did not let us in; the reason is its own.

    wrong   backend primitive("ibm_torino")       # an API key that has expired, or no network
    right   backend primitive("ibm_torino")       # with a valid account and a network
    right   backend primitive("fake_torino")      # needs neither
    """

    code: ClassVar[str] = "E0753"
    message: ClassVar[str] = "the device `{name}` cannot be reached: {reason}"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = "look at the network and the saved account, or rehearse on a fake device"
    exit_code: ClassVar[int] = 3

    name: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownRealDevice(Diagnostic):
    """The account reaches the service, and the service has no device of that name for it.

    wrong   backend primitive("ibm_torinoo")
    right   backend primitive("ibm_torino")      # if `QiskitRuntimeService().backends()` lists it
    """

    code: ClassVar[str] = "E0754"
    message: ClassVar[str] = "this account has no device `{name}`"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = "write a name that `QiskitRuntimeService().backends()` lists"
    exit_code: ClassVar[int] = 3

    name: str


@lazy_dataclass(frozen=True, kw_only=True)
class DeviceFailed(Diagnostic):
    """A device took a job and did not answer it; the reason is its own. Answers that came before are kept.

    wrong   hqnn train model.hqnn data.csv      # after a break: pays again for all answers
    right   hqnn train model.hqnn data.csv --out RUN --resume
    """

    code: ClassVar[str] = "E0755"
    message: ClassVar[str] = "`{name}` failed at a job: {reason}"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = "run the command again, a training with `--resume`: answers that came are kept"
    exit_code: ClassVar[int] = 3

    name: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class ConnectionLost(Diagnostic):
    """The connection to a device was lost and did not come back in a quarter of an hour.

    Jobs that were sent go on at the service, and their identities are kept with the run.

        wrong   hqnn train model.hqnn data.csv                         # after a break: sends all jobs anew
        right   hqnn train model.hqnn data.csv --out RUN --resume      # takes up the jobs that were sent
    """

    code: ClassVar[str] = "E0756"
    message: ClassVar[str] = "the connection to `{name}` is lost: {reason}"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = (
        "run the command again when the network is back, a training with `--resume`: sent jobs count"
    )
    exit_code: ClassVar[int] = 3

    name: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class JobRetried(Diagnostic):
    """The connection to a device was lost, and is tried again after a while. It is a note, not an error.

    Before a job is sent again the service is asked whether it has it already.

        wrong   hqnn train model.hqnn data.csv                         # after Ctrl-C: sends all jobs anew
        right   hqnn train model.hqnn data.csv --out RUN --resume      # after Ctrl-C: sent jobs are kept
    """

    code: ClassVar[str] = "E0757"
    severity: ClassVar[str] = "note"
    message: ClassVar[str] = "the connection to `{name}` is lost ({reason}); trying again in {wait} s"
    exit_code: ClassVar[int] = 0

    name: str
    reason: str
    wait: str


@lazy_dataclass(frozen=True, kw_only=True)
class BudgetSpent(Diagnostic):
    """The next job would have cost more than `budget { … }` has left, so it was not sent.

    Everything is counted before a training begins; a bound is met later only by the device's own quantum seconds, if
    they are more than estimated, and by steps that were done again after a break. Checkpoints and answers are kept.

        wrong   budget { seconds: 60 }       # for jobs that take the device 90
        right   budget { seconds: 120 }      # or fewer epochs, a larger `batch`, `gradient: spsa`
    """

    code: ClassVar[str] = "E0758"
    message: ClassVar[str] = "the budget is spent: {spent} of {allowed} {what}"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = "the checkpoints are kept; raise the budget, or predict with the weights trained so far"

    what: str
    spent: str
    allowed: str


@lazy_dataclass(frozen=True, kw_only=True)
class NotAgreed(Diagnostic):
    """Something would be run on a device that costs, and nobody has agreed to it.

    `hqnn train`, `hqnn predict` and `hqnn evaluate` show what it will take and ask; if nobody can answer, as in a
    script, `--yes` does. In Python it is `train(…, agree=True)`, or `layer.executable.meter.agreed = True`.

        wrong   hqnn train model.hqnn data.csv < /dev/null      # with `backend primitive("ibm_torino")`
        right   hqnn train model.hqnn data.csv --yes
    """

    code: ClassVar[str] = "E0759"
    message: ClassVar[str] = "`{name}` costs, and nobody has agreed to running {circuits} circuits on it"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = "add `--yes`, or answer the question in a terminal; in Python, `train(…, agree=True)`"
    exit_code: ClassVar[int] = 2

    name: str
    circuits: int


@lazy_dataclass(frozen=True, kw_only=True)
class OverBudget(Diagnostic):
    """What was asked for costs more on its device than `budget { … }` allows, so nothing was sent.

    All circuits and shots are counted before: epochs times batches times shifts, validation, and the predictions at the
    end, as if no early stop came. Seconds are an estimate: 0.3 ms a shot and 2 s a job.

        wrong   train { epochs 100 }; budget { circuits: 50 }          # each epoch takes one circuit or more
        right   train { epochs 100 }; budget { circuits: 200000 }      # at least the need in the message
    """

    code: ClassVar[str] = "E0760"
    message: ClassVar[str] = "this takes {needed} {what}, the budget has {allowed}"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = "train for fewer epochs, take `gradient: spsa`, or raise the budget"

    what: str
    needed: str
    allowed: str
