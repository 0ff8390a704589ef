"""What is told to IBM's service and how its answers are read. The services are the tests' own; none was asked."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from circuits_random import expected
from conformance import arguments
from qiskit.providers.exceptions import QiskitBackendNotFoundError
from qiskit.providers.fake_provider import GenericBackendV2
from test_primitive import ladder_case, settings

from hqnn_dsl.backends.primitive import service as service_room
from hqnn_dsl.backends.primitive.backend import BACKEND
from hqnn_dsl.backends.primitive.executable import PrimitiveExecutable
from hqnn_dsl.backends.primitive.placement import placed
from hqnn_dsl.backends.primitive.service import ServiceDevice, connect
from hqnn_dsl.backends.shifts.circuit import shiftable_on
from hqnn_dsl.diagnostics.diagnostic import Refusal

ibm = pytest.importorskip("qiskit_ibm_runtime", reason="qiskit-ibm-runtime is an optional part")
pytestmark = [
    pytest.mark.filterwarnings("ignore:Qiskit backend .* has no QubitProperties"),
    pytest.mark.filterwarnings("ignore:Options .* have no effect in local testing mode"),
]


@dataclass
class LocalService:
    """A service with one device on this machine, that hands out the jobs it is given."""

    backend_: Any
    kept: dict[str, Any] = field(default_factory=dict)
    logins: list[str | None] = field(default_factory=list)

    def backend(self, name: str) -> Any:
        if name != self.backend_.name:
            raise QiskitBackendNotFoundError("No backend matches the criteria.")
        return self.backend_

    def job(self, identity: str) -> Any:
        return self.kept[identity]

    def jobs(self, *, limit: int, job_tags: list[str]) -> list[Any]:
        assert limit == 1
        return [job for job in self.kept.values() if set(job_tags) & set(job.tags)][:limit]


def backend() -> GenericBackendV2:
    return GenericBackendV2(5, coupling_map=[[0, 1], [1, 2], [2, 3], [3, 4]], noise_info=False, seed=1)


CASE = ladder_case(3, batch=2)


def on_service(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> tuple[PrimitiveExecutable, list[dict[str, Any]]]:
    """A circuit on `EstimatorV2` in its local mode, with what it was told."""
    told: list[dict[str, Any]] = []
    device = ServiceDevice(LocalService(backend()), backend(), changes.get("mode", "job"), changes.get("resilience"))
    true_estimator = ServiceDevice._estimator

    def estimator(way: Any, options: dict[str, Any]) -> Any:
        told.append({"way": way, **options})
        return true_estimator(way, options)

    monkeypatch.setattr(device, "_estimator", estimator, raising=False)
    shiftable = shiftable_on(CASE.circuit, device.backend, 1, 0)
    run = PrimitiveExecutable(CASE.circuit, settings(**changes), 0, placed(CASE.circuit, shiftable, device))
    run.meter.agreed = True
    return run, told


@pytest.mark.parametrize("mode", ["job", "batch", "session"])
def test_the_services_estimator_takes_our_circuits_and_gives_the_right_numbers(
    mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ISA circuits are insisted on by `EstimatorV2` itself, in local mode too."""
    run, told = on_service(monkeypatch, mode=mode, shots=4000)
    found = run(*arguments(CASE, "double")).numpy()
    assert (np.abs(found - expected(CASE)) < 5 / np.sqrt(4000)).all()
    assert len(told) == 1
    assert told[0]["default_shots"] == 4000
    assert len(told[0]["environment"]["job_tags"]) == 1
    assert "resilience_level" not in told[0]
    ways = {"job": GenericBackendV2, "batch": ibm.Batch, "session": ibm.Session}
    assert type(told[0]["way"]) is ways[mode]
    assert run.metadata["shots_repeatable"] is False
    assert run.metadata["mode"] == mode


def test_one_batch_holds_all_jobs_and_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    run, told = on_service(monkeypatch, mode="batch", shots=10)
    device = run.placed.device
    assert isinstance(device, ServiceDevice)
    for _ in range(2):
        run(*arguments(CASE, "double"))
    assert told[0]["way"] is told[1]["way"]
    closed = []
    monkeypatch.setattr(told[0]["way"], "close", lambda: closed.append(True))
    device.close()
    device.close()
    assert closed == [True]


@pytest.mark.filterwarnings("ignore:The resilience_level option has no effect")
def test_the_resilience_level_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    run, told = on_service(monkeypatch, resilience=2, shots=10)
    run(*arguments(CASE, "double"))
    assert told[0]["resilience_level"] == 2
    estimator = ServiceDevice._estimator(backend(), run.placed.device.options(10, "tag"))  # type: ignore[attr-defined]
    assert estimator.options.resilience_level == 2
    assert estimator.options.default_shots == 10
    assert estimator.options.environment.job_tags == ["tag"]


def test_the_service_is_asked_for_a_tag_and_for_a_job() -> None:
    @dataclass
    class Sent:
        tags: list[str]

        def job_id(self) -> str:
            return "d0c"

        def usage(self) -> float:
            return 3.5

    service = LocalService(backend(), kept={"d0c": Sent(["ours"])})
    device = ServiceDevice(service, service.backend_)
    found = device.find(None, "ours")  # type: ignore[arg-type]
    assert found is not None
    assert found.identity == "d0c"
    assert found.seconds() == 3.5
    assert device.find(None, "others") is None  # type: ignore[arg-type]
    assert device.recall(None, "d0c").identity == "d0c"  # type: ignore[arg-type]


def test_what_waiting_may_mend() -> None:
    from qiskit_ibm_runtime.api.exceptions import RequestsApiError
    from qiskit_ibm_runtime.exceptions import IBMRuntimeError, RuntimeJobFailureError
    from requests.exceptions import ConnectionError as NoConnection
    from requests.exceptions import ReadTimeout

    device = ServiceDevice(None, backend())
    for error in (
        NoConnection("no route"),
        ReadTimeout(),
        TimeoutError(),
        RequestsApiError("busy", 503),
        ConnectionResetError(),
    ):
        assert device.is_lost(error)
        outer = IBMRuntimeError("Failed to run program")
        outer.__cause__ = error
        assert device.is_lost(outer)
    for error in (RuntimeJobFailureError("1305"), RequestsApiError("not yours", 403), ValueError("what")):
        assert not device.is_lost(error)


def refused_by(login: Any, name: str = "ibm_nowhere") -> Refusal:
    with pytest.raises(Refusal) as refused:
        connect(name, None, login=login)
    assert refused.value.exit_code == 3
    return refused.value


def test_no_account_says_what_to_type(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """The package's own search for an account, in a home without one."""
    from qiskit_ibm_runtime.accounts import management

    monkeypatch.setattr(management, "_DEFAULT_ACCOUNT_CONFIG_JSON_FILE", str(tmp_path / "none.json"))
    for name in ("QISKIT_IBM_TOKEN", "QISKIT_IBM_CHANNEL", "QISKIT_IBM_INSTANCE", "QISKIT_IBM_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(Refusal) as refused:
        BACKEND.load(CASE.circuit, {"name": "ibm_torino"}, 0)
    (said,) = refused.value.diagnostics
    assert (said.code, refused.value.exit_code) == ("E0752", 3)
    assert "QiskitRuntimeService.save_account(" in said.help


def test_a_service_that_does_not_answer_and_a_device_that_it_does_not_have() -> None:
    def down(account: str | None) -> Any:
        raise OSError("no route to host\nmore")

    assert [(item.code, item.headline) for item in refused_by(down).diagnostics] == [
        ("E0753", "the device `ibm_nowhere` cannot be reached: no route to host")
    ]
    service = LocalService(backend())
    assert [item.code for item in refused_by(lambda account: service).diagnostics] == ["E0754"]
    name = service.backend_.name
    assert connect(name, "mine", login=lambda account: service) == (service, service.backend_)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "qiskit_ibm_runtime.accounts.exceptions", None)
    assert [item.code for item in refused_by(service_room._login).diagnostics] == ["E0751"]
