"""Devices of IBM's service, through qiskit-ibm-runtime's `EstimatorV2`.

Every job carries a tag of ours, so that one whose receipt was lost on the way is found again instead of paid twice.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hqnn_dsl.diagnostics.codes.devices import DeviceUnreachable, NoAccount, ServiceMissing, UnknownRealDevice
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from hqnn_dsl.backends.primitive.device import Question
    from hqnn_dsl.backends.shifts.readout import Floats

JOBS_AHEAD = 3
"""Jobs that wait at the service at a time: the free plan takes no more."""

PASSING = frozenset({-1, 408, 425, 429, 500, 502, 503, 504})
"""Status codes of the service that waiting may mend; -1 is what it says where there was no answer at all."""


@dataclass(frozen=True, eq=False)
class ServiceJob:
    """A job at the service."""

    question: Question
    job: Any

    @property
    def identity(self) -> str:
        return str(self.job.job_id())

    def values(self) -> Floats:
        """The answer `[R, T]`, waited for."""
        return self.question.values(self.job.result())

    def seconds(self) -> float | None:
        """Quantum seconds charged; None as long as the service has not counted them."""
        found = self.job.usage()
        return float(found) if found else None


@dataclass(eq=False)
class ServiceDevice:
    """A device of the service. `mode` is `job`, `batch` or `session`; `resilience` None leaves it to the service."""

    service: Any
    backend: Any
    mode: str = "job"
    resilience: int | None = None
    is_paid: bool = True
    is_seeded: bool = False
    jobs_ahead: int = JOBS_AHEAD
    _opened: Any = field(default=None, repr=False)

    @property
    def name(self) -> str:
        return str(self.backend.name)

    def submit(self, question: Question, shots: int | None, seed: int, tag: str) -> ServiceJob:  # noqa: ARG002
        """Send it. No seed reaches a real device."""
        estimator = self._estimator(self._way(), self.options(shots, tag))
        return ServiceJob(question, estimator.run(question.pubs))

    def options(self, shots: int | None, tag: str) -> dict[str, Any]:
        """What `EstimatorV2` is told."""
        told: dict[str, Any] = {"default_shots": shots, "environment": {"job_tags": [tag]}}
        if self.resilience is not None:
            told["resilience_level"] = self.resilience
        return told

    def find(self, question: Question, tag: str) -> ServiceJob | None:
        """The job under that tag: the service keeps tags."""
        found = self.service.jobs(limit=1, job_tags=[tag])
        return ServiceJob(question, found[0]) if found else None

    def recall(self, question: Question, identity: str) -> ServiceJob:
        return ServiceJob(question, self.service.job(identity))

    def is_lost(self, error: BaseException) -> bool:
        """Lost connections, time-outs, and answers that say to try again; anywhere in the chain of causes."""
        from qiskit_ibm_runtime.api.exceptions import RequestsApiError
        from requests.exceptions import ConnectionError as NoConnection
        from requests.exceptions import Timeout

        seen: BaseException | None = error
        while seen is not None:
            if isinstance(seen, (ConnectionError, TimeoutError, NoConnection, Timeout)):
                return True
            if isinstance(seen, RequestsApiError) and seen.status_code in PASSING:
                return True
            seen = seen.__cause__ or seen.__context__
        return False

    def close(self) -> None:
        """End the session or batch, so that nobody pays for its waiting."""
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    def _way(self) -> Any:
        """What the estimator runs in: the device, or a batch or session that is opened at the first job."""
        if self.mode == "job":
            return self.backend
        if self._opened is None:
            import atexit

            from qiskit_ibm_runtime import Batch, Session

            self._opened = (Batch if self.mode == "batch" else Session)(backend=self.backend)
            atexit.register(self.close)
        return self._opened

    @staticmethod
    def _estimator(way: Any, options: dict[str, Any]) -> Any:
        from qiskit_ibm_runtime import EstimatorV2

        with warnings.catch_warnings():
            # Its successor counts on the client; the service's own has the resilience levels, and still runs.
            warnings.simplefilter("ignore", DeprecationWarning)
            return EstimatorV2(mode=way, options=options)


def connect(name: str, account: str | None, *, login: Callable[[str | None], Any] | None = None) -> tuple[Any, Any]:
    """The service and its device of that name.

    Raises `Refusal` (exit code 3): qiskit-ibm-runtime is missing, no account is saved, the service cannot be reached or
    has no such device.
    """
    try:
        from qiskit_ibm_runtime.accounts.exceptions import AccountsError
    except ImportError as error:
        raise Refusal(ServiceMissing(name=name)) from error
    try:
        service = (login or _login)(account)
    except AccountsError as error:
        raise Refusal(NoAccount(name=name, account=f" called `{account}`" if account else "")) from error
    except Exception as error:  # the service raises what its HTTP library and its server lead it into
        raise Refusal(DeviceUnreachable(name=name, reason=sentence(error))) from error
    try:
        return service, service.backend(name)
    except Exception as error:
        from qiskit.providers.exceptions import QiskitBackendNotFoundError

        if isinstance(error, QiskitBackendNotFoundError):
            raise Refusal(UnknownRealDevice(name=name)) from error
        raise Refusal(DeviceUnreachable(name=name, reason=sentence(error))) from error


def _login(account: str | None) -> Any:
    from qiskit_ibm_runtime import QiskitRuntimeService

    return QiskitRuntimeService(name=account)


def sentence(error: BaseException) -> str:
    """The first line of an exception's own words."""
    lines = str(error).strip("'\" \n").splitlines()
    return (lines[0] if lines else type(error).__name__)[:200]
