"""The Python surface: compile, train, load. What the command line does, without the words around it."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hqnn_dsl import pipeline
from hqnn_dsl.export.emitters import EMITTERS, KINDS, MODULE, OBSERVABLES, STATIC, circuit_files
from hqnn_dsl.export.module import load_module, module_bytes
from hqnn_dsl.export.observables import observables_text
from hqnn_dsl.folders import HoldsOthers, check_replaceable, fresh_folder
from hqnn_dsl.report.codes.command import CannotWrite, FolderInUse, NoModule, NotCompiled, RunIsFixed
from hqnn_dsl.report.codes.exports import TwoSpecs
from hqnn_dsl.report.diagnostic import Refusal
from hqnn_dsl.report.source import Source
from hqnn_dsl.semantics.resolve import without_budget

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pandas as pd

    from hqnn_dsl.network.hybrid import HybridNet
    from hqnn_dsl.pipeline import Program
    from hqnn_dsl.semantics.reach import AllowPath
    from hqnn_dsl.semantics.records import Choice
    from hqnn_dsl.semantics.spec import Spec
    from hqnn_dsl.training.budget import Agree
    from hqnn_dsl.training.preprocess import Preparation
    from hqnn_dsl.training.tables import Table

    Origin = str | Path | pd.DataFrame | Table
    """A CSV file, a frame, or what `read_table` gave for one of them, which is not read again."""

_STATIC_FILE, _MODULE_FILE, _SPEC_FILE = "static.json", "module.pt", "spec.resolved.hqnn"
_OBSERVABLES_FILE = "observables.json"
_CIRCUITS = ("logical", "transpiled")
_WRITTEN = {
    _STATIC_FILE,
    _MODULE_FILE,
    _SPEC_FILE,
    _OBSERVABLES_FILE,
    *(f"{name}{row.suffix}" for name in _CIRCUITS for row in EMITTERS.values()),
}
"""All files that a compiled folder may have; a folder with others is never written to."""


def compile(
    path: str | Path,
    set: Mapping[str, object] | None = None,
    *,
    allow_path: AllowPath = (),
) -> Program:
    """The program of a spec file; `set` changes settings and constants as `--set` does.

    `use` reaches files in the spec's folder and below, and in the folders `allow_path` (one, or several) and below.
    Raises `Refusal` with every mistake found.
    """
    return pipeline.load_program(path, _changes(set), allow_path)


def compile_text(
    text: str, set: Mapping[str, object] | None = None, name: str = "spec", *, allow_path: AllowPath = ()
) -> Program:
    """The program of a spec given as text; `use` is relative to the working directory, and reaches what is below it."""
    return pipeline.program(Source(name, text, folder="."), _changes(set), allow_path)


def _changes(changes: Mapping[str, object] | None) -> dict[str, str]:
    return {path: _written(value) for path, value in (changes or {}).items()}


def _written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else str(value)


@dataclass(frozen=True, eq=False)
class Run:
    """A trained network with what its table told: where it is on disk, its scores, and the way to predict."""

    path: Path
    net: HybridNet
    preparation: Preparation
    metrics: dict[str, Any]
    spec: Spec
    """The run's spec, with the changes that it was opened with."""
    trained_on: Choice
    """The backend of the spec without them."""

    @property
    def backend(self) -> dict[str, Any]:
        """What runs the circuit, as plain data: `asked`, `name`, `options`, and after a run `metadata`."""
        from hqnn_dsl.training.environment import describe_backend

        return describe_backend(self.spec.backend, self.net)

    def settle(self, table: Origin, agree: Agree) -> None:
        """Ask before a table is run on a device that costs. Raises `Refusal`: over the budget, or not agreed to.

        The table is only read where the backend counts what it does.
        """
        from hqnn_dsl.training.budget import counts, evaluation_bill, settle
        from hqnn_dsl.training.tables import read_table

        if counts(self.net):
            settle(evaluation_bill(self.net, read_table(table).num_rows), self.net, agree)

    def predict(self, table: Origin) -> pd.DataFrame:
        """A column a target, in its own units, for the rows of a table that has the features."""
        from hqnn_dsl.training.evaluate import predict
        from hqnn_dsl.training.tables import read_table

        return predict(self.net, self.preparation, read_table(table))

    def evaluate(self, table: Origin) -> dict[str, Any]:
        """Scores on a table that has the targets: `{"all": …}`, and the parts on the table trained on."""
        from hqnn_dsl.training.evaluate import evaluate
        from hqnn_dsl.training.tables import read_table

        return evaluate(self.net, self.preparation, read_table(table))


def train(
    program: Program,
    table: Origin,
    out: str | Path | None = None,
    *,
    resume: bool = False,
    agree: Agree | bool = False,
) -> Run:
    """Train a program on a table (a CSV file or a frame) and write the run to `out` or the next `runs/<model>-<n>`.

    A device that costs is used where `agree` is True, or says so to the bill that it is shown. Raises `Refusal` where
    the data, the folder, the budget or the environment does not allow it.
    """
    from hqnn_dsl.training.run import Experiment
    from hqnn_dsl.training.run import train as train_network
    from hqnn_dsl.training.tables import read_table

    experiment = Experiment(program.spec, program.network, program.resolved, program.source.text, program.refuse_step)
    folder = None if out is None else Path(out)
    consent = (lambda _: agree) if isinstance(agree, bool) else agree
    result = train_network(experiment, read_table(table), folder, resume=resume, agree=consent)
    return Run(result.path, result.net, result.preparation, result.metrics, program.spec, program.spec.backend)


def open_run(path: str | Path, changes: Mapping[str, object] | None = None) -> Run:
    """A run from its folder; `changes` as `--set`, of the backend only: another change raises `Refusal` E0607."""
    from hqnn_dsl.training.evaluate import load_metrics, load_run, restore

    stored, metrics = load_run(Path(path)), load_metrics(Path(path))
    opened: list[tuple[Spec, Choice]] = []

    def rebuild(text: str, in_width: int, out_width: int) -> HybridNet:
        source = Source(str(Path(path) / _SPEC_FILE), without_budget(text))
        program = pipeline.program(source, _changes(changes))
        trained = pipeline.program(source) if changes else program
        if changes:
            _only_backend(trained, program, Path(path))
        opened.append((program.spec, trained.spec.backend))
        return program.network(in_width, out_width)

    net = restore(stored, rebuild)
    return Run(Path(path), net, stored.preparation, metrics, *opened[0])


def _only_backend(trained: Program, changed: Program, path: Path) -> None:
    """Refuse a run of a spec that differs from the trained one in more than the backend."""
    same_spec = changed.spec.model_copy(update={"backend": trained.spec.backend, "budget": None}) == trained.spec
    if not same_spec or changed.logical != trained.logical:
        raise Refusal(RunIsFixed(path=str(path)))


def load(path: str | Path) -> HybridNet:
    """The network back, from a run (with its best weights) or from a folder that `hqnn compile` wrote."""
    folder = Path(path)
    if os.path.isdir(folder / "checkpoints"):  # noqa: PTH112 - raises nothing
        return open_run(folder).net
    module = folder / _MODULE_FILE
    if not module.is_file():
        raise Refusal(NotCompiled(path=str(folder), reason=f"there is no {_MODULE_FILE} and no checkpoint"))
    stored = load_module(module)
    spec = folder / _SPEC_FILE
    if spec.is_file() and spec.read_bytes() != stored.spec.encode():
        raise Refusal(TwoSpecs(path=str(folder)))
    net = pipeline.build(stored.spec, stored.in_width, stored.out_width)
    net.load_state_dict(stored.weights)
    return net.eval()


def write_compiled(
    program: Program, out: str | Path, kinds: Iterable[str] = KINDS, in_width: int | None = None
) -> list[Path]:
    """Write what `hqnn compile` writes to the folder `out`, and nothing else is in it then; the paths written.

    The files are written into a fresh folder, which takes the place of `out` when all are whole and the OpenQASM in it
    was read back; if anything fails before, `out` is as it was. `in_width` is the number of features, where only the
    table knows it. Without it the module is left out, or refused where `kinds` is not the default and names it.

    Raises `Refusal`: E0602 if `out` has files that `hqnn compile` does not write, E0603 if it cannot be written.
    """
    folder, wanted = Path(out), tuple(kinds)
    with _refusals(folder):
        check_replaceable(folder, _is_written_here)
    in_width = in_width or program.features
    if in_width is None and MODULE in wanted and wanted != tuple(KINDS):
        raise Refusal(NoModule())
    names = []
    files = _compiled_files(program, wanted, in_width)
    with _refusals(folder), fresh_folder(folder, _is_written_here) as fresh:
        for name, data in files:
            (fresh / name).write_bytes(data)
            names.append(name)
    return [folder / name for name in names]


def _compiled_files(program: Program, kinds: tuple[str, ...], in_width: int | None) -> list[tuple[str, bytes]]:
    """The name and the bytes of every file."""
    exports = program.exports
    files = [(_SPEC_FILE, program.resolved.encode()), *circuit_files(exports, kinds)]
    if OBSERVABLES in kinds:
        _, transpiled = exports
        assert transpiled.layout is not None
        text = observables_text(program.logical, transpiled.layout, transpiled.circuit.num_qubits)
        files.append((_OBSERVABLES_FILE, text.encode()))
    if in_width is not None and MODULE in kinds:
        net = program.network(in_width)
        files.append((_MODULE_FILE, module_bytes(net, program.resolved, in_width, program.targets)))
    if STATIC in kinds:
        files.append((_STATIC_FILE, (json.dumps(program.static, indent=2) + "\n").encode()))
    return files


def compiled_files(folder: str | Path) -> set[str]:
    """The names of the files in a folder that `hqnn compile` may write anew; none where there is no folder."""
    path = Path(folder)
    return {name for name in _WRITTEN if (path / name).is_file()}


def _is_written_here(path: Path) -> bool:
    return path.name in _WRITTEN


@contextmanager
def _refusals(folder: Path) -> Iterator[None]:
    """What writing a folder may raise, as refusals."""
    try:
        yield
    except HoldsOthers:
        raise Refusal(FolderInUse(path=str(folder))) from None
    except (OSError, ValueError, RuntimeError) as error:  # a null character in the path, links in a circle
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Refusal(CannotWrite(path=str(folder), reason=reason.lower())) from error
