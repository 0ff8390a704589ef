"""Seals: an experiment stated in a file before any of its test rows is scored, and compared with it afterwards.

A seal is a JSON file in a folder of seals, by default `seals` beside the table. It has the hash of everything else in
it, so that a changed seal is no seal; but whoever can write to the folder can delete a seal, or write another one. What
a seal proves to others is what they have been sent, or have in version control, before the results.
"""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from hqnn_dsl import __version__
from hqnn_dsl.diagnostics.codes.command import CannotWrite
from hqnn_dsl.diagnostics.codes.science import (
    BadSeal,
    NothingToSeal,
    RowsSealed,
    SealBroken,
    SealOtherVersions,
)
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import notice
from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.diagnostics.sentences import listed
from hqnn_dsl.documents import Count, Document, Name, Positive, Record, Wrong, read_document, text_of
from hqnn_dsl.files import read_small, reason_of, writing
from hqnn_dsl.packages import installed_versions
from hqnn_dsl.science.protocol import Protocol, hash_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from hqnn_dsl.data.folds import Fold
    from hqnn_dsl.data.preparation import Preparation
    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.program import Program
    from hqnn_dsl.science.protocol import Asked

FOLDER = "seals"
"""The folder of seals beside a table."""

MOST_BYTES = 64 * 2**20

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Range = Annotated[list[Count], Field(min_length=2, max_length=2)]


class SealedSpec(Record):
    """The spec with all defaults written out, and the hash of that text."""

    model: Name
    sha256: Hash
    resolved: str


class SealedTable(Record):
    """The table: its name, rows, the hash of the cells that are read, and one of each column, targets apart."""

    name: str
    rows: Positive
    sha256: Hash
    targets: dict[str, Name]
    columns: dict[str, Name]


class SealedSplit(Record):
    """The rows of a fold: how many train, validate and test, and the hash of their positions."""

    repeat: Count
    fold: Count
    sizes: Annotated[list[Count], Field(min_length=3, max_length=3)]
    sha256: Name


class SealFile(Document):
    """A seal. `tested` are the ranges of rows, counted from 0 with both ends, that test in some fold.

    `beside` are the hashes of seals that claimed some of these rows when this one was made. `seal` is the hash of
    everything else.
    """

    sealed: Name
    hypotheses: list[str]
    spec: SealedSpec
    table: SealedTable
    protocol: Protocol
    splits: Annotated[list[SealedSplit], Field(min_length=1)]
    tested: Annotated[list[Range], Field(min_length=1)]
    versions: dict[str, str | None]
    beside: list[Hash] = Field(default_factory=list)
    seal: str = ""

    @property
    def own_hash(self) -> str:
        """The hash of everything but the hash."""
        return hash_of(self.model_dump(exclude={"seal"}))


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """What is sealed, and what is compared with a seal: spec, table, protocol, and the rows of every fold."""

    spec: SealedSpec
    table: SealedTable
    protocol: Protocol
    splits: tuple[SealedSplit, ...]
    tested: tuple[tuple[int, int], ...]

    @property
    def num_tested(self) -> int:
        """How many rows test in some fold."""
        return sum(last - first + 1 for first, last in self.tested)


def experiment_of(program: Program, table: Table, asked: Asked) -> Experiment:
    """Returns the experiment that options make of a spec and a table. Nothing is trained, and no row is scored.

    Raises `Refusal` for whatever is wrong with spec, table, folds or options, and E0684 if there are no test rows.
    """
    import numpy as np

    from hqnn_dsl.data.folds import Fold, refuse_folds

    program.refuse_training()
    folds = asked.folds_for(program.spec)
    if folds is not None:
        refuse_folds(program.spec.data.split.by, folds, (asked.repeats or 1) - 1)
    first = _prepared(program, table, Fold(folds=folds, root=program.spec.train.seed))
    protocol = asked.protocol(program.spec, first.task, len(first.target.names))
    splits, tested = [], np.zeros(table.num_rows, dtype=np.bool_)
    for fold in protocol.folds_of():
        made = _prepared(program, table, fold)
        sizes = [len(rows) for _, rows in made.parts.items()]
        splits.append(SealedSplit(repeat=fold.repeat, fold=fold.fold, sizes=sizes, sha256=made.identity))
        tested[made.parts.test] = True
    if not tested.any():
        raise Refusal(NothingToSeal(table=table.name))
    return Experiment(
        spec=SealedSpec(model=program.spec.name, sha256=hash_of(program.resolved), resolved=program.resolved),
        table=_table(first, table),
        protocol=protocol,
        splits=tuple(splits),
        tested=_ranges(tested),
    )


def _prepared(program: Program, table: Table, fold: Fold) -> Preparation:
    from hqnn_dsl.data.preprocess import prepare
    from hqnn_dsl.diagnostics.placed import PlacedByCode

    with PlacedByCode(program.checked.spans):
        return prepare(program.spec, table, splitter=fold, reach=program.checked.reach).preparation


def _table(preparation: Preparation, table: Table) -> SealedTable:
    columns, targets = dict(preparation.columns or {}), preparation.target.names
    return SealedTable(
        name=table.name,
        rows=table.num_rows,
        sha256=preparation.fingerprint,
        targets={name: columns[name] for name in targets},
        columns={name: value for name, value in columns.items() if name not in targets},
    )


def _ranges(flags: NDArray[Any]) -> tuple[tuple[int, int], ...]:
    """Returns the runs of True as first and last positions."""
    import numpy as np

    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return tuple((int(begin), int(end) - 1) for begin, end in edges.reshape(-1, 2))


# -------------------------------------------------------------------------------------------------------------- sealing


def versions_now() -> dict[str, str | None]:
    """Returns the versions that a seal states: hqnn, Python, and the packages that numbers and choices depend on."""
    found = {"hqnn": __version__, "python": platform.python_version(), **installed_versions()}
    for name in ("optuna", "statsmodels", "scikit-posthocs"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


def seal_of(experiment: Experiment, hypotheses: Sequence[str], beside: Iterable[SealFile] = ()) -> SealFile:
    """Returns the seal of an experiment, made now. `beside` are other seals that claim some of its test rows."""
    open_seal = SealFile(
        sealed=datetime.now(UTC).isoformat(timespec="seconds"),
        hypotheses=list(hypotheses),
        spec=experiment.spec,
        table=experiment.table,
        protocol=experiment.protocol,
        splits=list(experiment.splits),
        tested=[list(ends) for ends in experiment.tested],
        versions=versions_now(),
        beside=sorted(seal.seal for seal in beside),
    )
    return open_seal.model_copy(update={"seal": open_seal.own_hash})


def free_path(folder: Path, model: str) -> Path:
    """Returns the path of the next seal of a model in a folder, which is made. Raises `Refusal` E0603."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        number = 1
        while os.path.lexists(folder / f"{model}-{number}.json"):
            number += 1
    except OSError as error:
        raise Refusal(CannotWrite(path=str(folder), reason=reason_of(error))) from None
    return folder / f"{model}-{number}.json"


def write_seal(seal: SealFile, path: Path) -> None:
    """Write a seal to a new file. Raises `Refusal` E0550 if there is one, E0603 if it cannot be written."""
    with writing(path) as beside:
        beside.write_text(text_of(seal), encoding="utf-8")


def read_seal(path: Path) -> SealFile:
    """Returns a seal from its file. Raises `Refusal` E0683 if it is none, or was changed."""
    try:
        seal = read_document(SealFile, read_small(path, MOST_BYTES))
    except OSError as error:
        raise Refusal(BadSeal(path=str(path), reason=reason_of(error))) from None
    except (Wrong, ValueError) as error:
        raise Refusal(BadSeal(path=str(path), reason=str(error))) from None
    if seal.seal != seal.own_hash:
        raise Refusal(BadSeal(path=str(path), reason="its hash is not that of the rest of it: it was changed"))
    return seal


# ------------------------------------------------------------------------------------------------------------ verifying


def differences(seal: SealFile, experiment: Experiment) -> list[str]:
    """Returns what of an experiment is not as a seal states it, each as the end of a sentence; none if it is that."""
    found = []
    if seal.spec.sha256 != experiment.spec.sha256:
        found.append(f"another spec ({_changed_lines(seal.spec.resolved, experiment.spec.resolved)})")
    if seal.table.sha256 != experiment.table.sha256 or seal.table.rows != experiment.table.rows:
        found.append(f"another table ({_table_changes(seal.table, experiment.table)})")
    before, now = (protocol.model_dump() for protocol in (seal.protocol, experiment.protocol))
    found += [f"`{name}` {_said(before[name])}, now {_said(now[name])}" for name in before if before[name] != now[name]]
    if not found and seal.splits != list(experiment.splits):
        found.append("other rows in the folds, drawn by another version")
    return found


def check_seal(path: Path, seal: SealFile, experiment: Experiment) -> None:
    """Refuse (E0681) an experiment that is not the sealed one; say (W0489) which versions are not those of the seal."""
    changed = differences(seal, experiment)
    if changed:
        raise Refusal(SealBroken(path=str(path), difference="; ".join(changed)))
    now = versions_now()
    moved = [
        f"{name} {seal.versions.get(name) or 'none'}, now {now.get(name) or 'none'}"
        for name in sorted({*seal.versions, *now})
        if seal.versions.get(name) != now.get(name)
    ]
    if moved:
        notice(SealOtherVersions(path=str(path), changes="; ".join(moved)))


def _changed_lines(before: str, now: str) -> str:
    old, new = before.split("\n"), now.split("\n")
    gone = next((" ".join(line.split()) for line in old if line not in new), "")
    come = next((" ".join(line.split()) for line in new if line not in old), "")
    return " against ".join(f"`{line}`" for line in (gone, come) if line) or "the same lines in another order"


def _table_changes(before: SealedTable, now: SealedTable) -> str:
    if before.rows != now.rows:
        return f"{count(before.rows, 'row')}, now {now.rows}"
    old, new = ({**table.targets, **table.columns} for table in (before, now))
    names = [f"`{name}`" for name in {**old, **new} if old.get(name) != new.get(name)]
    return f"other cells in {listed(names, 'and')}" if names else "other columns"


def _said(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_said(item) for item in value) or "none"
    return "all" if value is None else str(value)


# ------------------------------------------------------------------------------------------------- the claims of others


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A seal of another experiment that claims test rows of one: its file, and how many of the rows."""

    path: Path
    seal: SealFile
    rows: int


def seals_in(folder: Path) -> list[tuple[Path, SealFile]]:
    """Returns the seals in a folder by their paths; none if there is none. Raises `Refusal` E0683 for a bad one."""
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".json" and not path.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise Refusal(BadSeal(path=str(folder), reason=reason_of(error))) from None
    return [(path, read_seal(path)) for path in paths]


def claims(folder: Path, experiment: Experiment) -> list[Claim]:
    """Returns the seals in a folder of other experiments that claim test rows of this one.

    Rows are the same if the tables have as many rows and a target column with the same cells in the same order: another
    spec may read other columns of the table, and the table may have another name. Raises `Refusal` E0683.
    """
    found = []
    for path, seal in seals_in(folder):
        rows = _shared_rows(seal, experiment)
        if rows and differences(seal, experiment):
            found.append(Claim(path=path, seal=seal, rows=rows))
    return found


def sealed_as(folder: Path, experiment: Experiment) -> tuple[Path, SealFile] | None:
    """Returns the first seal in a folder of this very experiment, None if there is none. Raises `Refusal` E0683."""
    return next(((path, seal) for path, seal in seals_in(folder) if not differences(seal, experiment)), None)


def refuse_claimed(folder: Path, experiment: Experiment) -> None:
    """Refuse (E0682) an experiment whose test rows another one's seal in a folder claims; to be called without a seal.

    A seal of this very experiment stands for it: if there is one, nothing is refused.
    """
    found = claims(folder, experiment)
    if not found or sealed_as(folder, experiment) is not None:
        return
    from shlex import quote

    first = found[0]
    raise Refusal(
        RowsSealed(
            rows=count(first.rows, "row"),
            path=str(first.path),
            when=first.seal.sealed,
            difference="; ".join(differences(first.seal, experiment)),
            quoted=quote(str(first.path)),
        )
    )


def _shared_rows(seal: SealFile, experiment: Experiment) -> int:
    """Returns how many test rows both have."""
    own, other = experiment.table, seal.table
    if own.rows != other.rows or not set(own.targets.values()) & set(other.targets.values()):
        return 0
    return sum(
        max(0, min(last, end) - max(first, begin) + 1)
        for first, last in seal.tested
        for begin, end in experiment.tested
    )
