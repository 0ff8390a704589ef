"""What `hqnn doctor` says of environments that are made up: package records in a folder, and no GPU anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hqnn_dsl.cli import known_problems
from hqnn_dsl.cli.known_problems import AER_GPU_NEEDS, NOTES, PROBLEMS, Facts, Problem, detected, facts

if TYPE_CHECKING:
    from pathlib import Path

BINARY = "qiskit_aer/backends/controller_wrappers.cpython-311-x86_64-linux-gnu.so"
SIZES = {"qiskit-aer": 63, "qiskit-aer-gpu": 297}
"""Sizes of the compiled part in each package's record."""

LIBRARIES = dict.fromkeys(AER_GPU_NEEDS, "12.9")


def environment(folder: Path, packages: dict[str, str], on_disk: str | None = None, **machine: Any) -> Facts:
    """The facts of a folder with these packages recorded, and the compiled part of Aer `on_disk`."""
    for name, version in packages.items():
        info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "RECORD").write_text(f"{BINARY},,{SIZES[name]}\n" if name in SIZES else "")
    if on_disk is not None:
        (folder / BINARY).parent.mkdir(parents=True)
        (folder / BINARY).write_bytes(b"x" * SIZES[on_disk])
    found = facts([str(folder)])
    fields = {"versions": found.versions, "aer": found.aer, "python": (3, 11), "torch_cuda": None, "has_gpu": False}
    return Facts(**(fields | machine))


def names(known: Any, found: Facts) -> list[str]:
    return [detect.__name__ for detect in known if detect(found) is not None]


AER, GPU = {"qiskit-aer": "0.18.2"}, {"qiskit-aer-gpu": "0.18.2"}

CASES: list[tuple[str, dict[str, str], str | None, dict[str, Any], list[str]]] = [
    ("cpu build", AER, "qiskit-aer", {}, []),
    ("nothing", {}, None, {}, []),
    (
        "gpu build on a gpu",
        GPU | LIBRARIES,
        "qiskit-aer-gpu",
        {"has_gpu": True, "torch_cuda": "12.8"},
        ["no_numba_cuda"],
    ),
    ("both, gpu on disk", AER | GPU | LIBRARIES, "qiskit-aer-gpu", {"has_gpu": True}, ["two_aers"]),
    ("both, cpu on disk", AER | GPU, "qiskit-aer", {}, ["two_aers"]),
    ("both, one uninstalled", GPU | LIBRARIES, None, {}, ["damaged_aer"]),
    ("gpu without libraries", GPU, "qiskit-aer-gpu", {"has_gpu": True}, ["gpu_aer_without_libraries"]),
    ("gpu build, no gpu", GPU | LIBRARIES, "qiskit-aer-gpu", {}, ["gpu_aer_without_a_gpu"]),
    ("cpu build beside a gpu", AER, "qiskit-aer", {"has_gpu": True}, ["cpu_aer_beside_a_gpu"]),
    (
        "cu12 beside cu13",
        {"custatevec-cu12": "1.6.0", "custatevec-cu13": "1.15.0", "cuquantum-python-cu13": "26.9.0"},
        None,
        {},
        ["two_cudas_in_one_file"],
    ),
    ("cutensornet twice", {"cutensornet-cu12": "2.5", "cutensornet-cu13": "2.14"}, None, {}, ["two_cudas_in_one_file"]),
    (
        "the chooser",
        GPU | LIBRARIES | {"cuquantum-python": "26.9.0", "cuquantum-python-cu13": "26.9.0"},
        "qiskit-aer-gpu",
        {"has_gpu": True},
        ["chooser"],
    ),
    (
        "too new",
        GPU | LIBRARIES | {"cuquantum-python-cu12": "25.6.0"},
        "qiskit-aer-gpu",
        {"has_gpu": True},
        ["newer_cuquantum"],
    ),
    (
        "fitting",
        GPU | LIBRARIES | {"cuquantum-python-cu12": "24.8.0"},
        "qiskit-aer-gpu",
        {"has_gpu": True},
        [],
    ),
    (
        "python 3.13",
        GPU | LIBRARIES,
        "qiskit-aer-gpu",
        {"has_gpu": True, "python": (3, 13)},
        ["no_cuquantum_for_this_python"],
    ),
    (
        "torch of CUDA 13",
        GPU | LIBRARIES | {"numba-cuda": "0.30.4", "cuda-bindings": "13.5.0"},
        "qiskit-aer-gpu",
        {"has_gpu": True, "torch_cuda": "13.0"},
        ["torch_of_another_cuda"],
    ),
    (
        "numba of CUDA 12",
        {"numba-cuda": "0.30.4", "cuda-bindings": "12.9.10"},
        None,
        {"has_gpu": True, "torch_cuda": "13.0"},
        ["numba_of_another_cuda"],
    ),
    ("numba alone", {"numba-cuda": "0.30.4"}, None, {"torch_cuda": "13.0"}, ["numba_without_bindings"]),
    ("no numba", {}, None, {"has_gpu": True, "torch_cuda": "13.0"}, ["no_numba_cuda"]),
    ("numba right", {"Numba_CUDA": "0.30.4", "cuda-bindings": "13.5.0"}, None, {"torch_cuda": "13.0"}, []),
]


@pytest.mark.parametrize(
    ("packages", "on_disk", "machine", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_each_problem_is_seen_and_no_other(
    packages: dict[str, str], on_disk: str | None, machine: dict[str, Any], expected: list[str], tmp_path: Path
) -> None:
    found = environment(tmp_path, packages, on_disk, **machine)
    assert names(PROBLEMS, found) + names(NOTES, found) == expected
    for said in detected((*PROBLEMS, *NOTES), found):
        assert said.sentence
        assert "pip " in said.fix or "Python" in said.fix


def test_every_problem_has_a_case() -> None:
    assert {detect.__name__ for detect in (*PROBLEMS, *NOTES)} == {name for case in CASES for name in case[-1]}


@pytest.mark.parametrize("on_disk", ["qiskit-aer", "qiskit-aer-gpu", None])
def test_of_two_aers_the_one_on_disk_is_named(on_disk: str | None, tmp_path: Path) -> None:
    found = environment(tmp_path, AER | GPU | LIBRARIES, on_disk)
    said = detected(PROBLEMS, found)[0]
    assert said.sentence.endswith(f"on disk is {on_disk or 'neither'}")
    assert said.fix.startswith("pip uninstall -y qiskit-aer qiskit-aer-gpu && pip install")


def test_missing_libraries_are_named_with_their_bound(tmp_path: Path) -> None:
    packages = {name: "12.9" for name in AER_GPU_NEEDS if name not in {"cuquantum-cu12", "nvidia-cusolver-cu12"}}
    (said,) = detected(PROBLEMS, environment(tmp_path, GPU | packages, "qiskit-aer-gpu", has_gpu=True))
    assert said.fix == "pip install 'cuquantum-cu12<24.11' nvidia-cusolver-cu12"


def test_notes_are_shown_and_do_not_fail(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made_up = environment(tmp_path, AER, "qiskit-aer", has_gpu=True)
    monkeypatch.setattr(known_problems, "facts", lambda: made_up)
    found = known_problems.examine()
    assert found.problems == ()
    assert [type(note) for note in found.notes] == [Problem]
    assert "notes\n  there is a GPU, and qiskit-aer is the build for CPUs" in found.as_text()
    assert "no problems found" in found.as_text()
    assert "\n    fix: pip uninstall -y qiskit-aer && pip install" in found.as_text()
    assert found.as_data()["notes"][0]["mend"].startswith("pip uninstall -y qiskit-aer && pip install")
