"""A first spec for a table: every setting with the reason for it, in a comment.

The rules are those of `docs/init.md`. The draft is checked and prepared against the table before it is handed out, so
that it trains as it stands.
"""

from __future__ import annotations

import math
import re
import textwrap
from dataclasses import dataclass, replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from hqnn_dsl import limits, literals, pipeline
from hqnn_dsl.data.preprocess import prepare
from hqnn_dsl.data.sources import STANDARD_INPUT
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.codes.command import BadOption
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.draft_data import SKETCH, guess_data
from hqnn_dsl.semantics.spec import Read

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from hqnn_dsl.data.preparation import Prepared
    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.draft_data import Guess

WIDEST = 60
"""Comments stand behind the longest line of their section, but for lines that are longer than this."""

LONGEST = 120
"""The most characters of a line with a comment; a longer comment stands above the line."""

STEPS = 8000
"""Steps of a whole training that a draft aims at."""


@dataclass(frozen=True)
class Sizes:
    """The numbers of a draft: qubits, hidden units, layers of the ansatz, rows a step, epochs, and their patience."""

    qubits: int
    hidden: int
    reps: int
    batch: int
    epochs: int
    patience: int


def sizes_of(inputs: int, training_rows: int) -> Sizes:
    """Returns the sizes for a number of inputs of the network and of training rows.

    Qubits are as many as inputs, at least 2 and at most 6, below 100 rows 4. The hidden layer has 16 units, from 1,000
    rows on 32. A step takes the power of 2, from 8 to 256, that leaves about 20 steps an epoch; all steps together are
    about 8,000, in 20 to 200 epochs.
    """
    most = 4 if training_rows < 100 else 6
    batch = min(max(2 ** round(math.log2(max(training_rows / 20, 1))), 8), 256)
    steps = max(math.ceil(training_rows / batch), 1)
    epochs = min(max(round(STEPS / steps), 20), 200)
    return Sizes(
        qubits=min(max(inputs, 2), most),
        hidden=16 if training_rows < 1000 else 32,
        reps=2 if training_rows < 100 else 3,
        batch=batch,
        epochs=epochs,
        patience=max(epochs // 5, 10),
    )


def model_name(table: str) -> str:
    """Returns a name of the language for the name of a file: `auto_mpg` for `auto-mpg.csv`."""
    stem = Path(table).name.partition(".")[0]
    name = re.sub(r"[^A-Za-z0-9]+", "_", stem).strip("_").lower()
    if not name or name in literals.RESERVED or not name[0].isalpha():
        name = f"table_{name}".rstrip("_")
    return name[: limits.MAX_NAME]


@dataclass(frozen=True)
class Draft:
    """What a spec is written from: where the table is from, the guesses about its data, and the sizes."""

    name: str
    source: str
    rows: int
    columns: int
    guesses: tuple[Guess, ...]
    sizes: Sizes
    prepared: Prepared

    @property
    def task(self) -> str:
        return self.prepared.preparation.task

    @property
    def inputs(self) -> int:
        """Inputs of the network."""
        return len(self.prepared.preparation.features.inputs)

    @property
    def data(self) -> dict[str, Any]:
        """The draft as plain data for JSON."""
        return {
            "task": self.task,
            "target": list(self.prepared.preparation.target.names),
            "guesses": [vars(guess) for guess in self.guesses],
            "columns": [column.to_json() for column in self.prepared.report],
            "sizes": vars(self.sizes),
            "text": self.text,
        }

    @property
    def text(self) -> str:
        """The spec, with a comment for each guess."""
        lines = [
            "hqnn 1",
            "",
            *_comment(
                f"A first spec for {self.source}, {count(self.rows, 'row')} and {count(self.columns, 'column')}. "
                "Every line is a guess: change it if you know better."
            ),
            f"model {self.name} {{",
            *_part("data {", _settings(self.guesses)),
            *_part("encoder {", self._encoder()),
            *_part(f"circuit on {self.sizes.qubits} qubits {{", self._circuit()),
            *_part("decoder {", [("dense(auto)", self._outputs())]),
            *_part("train {", self._train(), end=False),
            "}",
        ]
        return "\n".join(lines) + "\n"

    def _outputs(self) -> str:
        return "one output a class" if self.task == "classification" else "one output a target"

    def _encoder(self) -> list[tuple[str, str]]:
        few = "16 units; 32 from 1,000 training rows on"
        return [
            (f"dense({self.sizes.hidden})", few),
            ("silu", ""),
            (f"dense({self.sizes.qubits})", "one angle a qubit"),
            ("tanh * pi", "bounded angles"),
        ]

    def _circuit(self) -> list[tuple[str, str]]:
        return [
            ("feature_map angle(axis: y)", f"{count(self.inputs, 'input')}: at least 2 qubits, at most 6"),
            (f"ansatz      real_amplitudes(reps: {self.sizes.reps})", "more layers bend more, and train longer"),
            ("measure     z", ""),
        ]

    def _train(self) -> list[tuple[str, str]]:
        sizes = self.sizes
        return [
            (f"epochs     {sizes.epochs}", f"about {STEPS:,} steps in all, 20 to 200 epochs"),
            (f"batch      {sizes.batch}", "about 20 steps an epoch"),
            ("optimizer  adamw(lr: 0.01, weight_decay: 1e-4)", ""),
            (f"scheduler  reduce_on_plateau(factor: 0.5, patience: {max(sizes.patience // 3, 3)})", ""),
            (f"stop       early(patience: {sizes.patience})", "when the validation loss gets no better"),
            ("seed       0", ""),
        ]


def _comment(text: str, width: int = 100) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(text, width, break_on_hyphens=False, break_long_words=False)]


def _part(head: str, rows: Sequence[tuple[str, str]], *, end: bool = True) -> list[str]:
    """Returns a section: its lines with their reasons, which stand below one another."""
    widest = max((len(text) for text, reason in rows if reason and len(text) <= WIDEST), default=0)
    lines = [line for text, reason in rows for line in _lines(f"    {text}", reason, widest + 6)]
    return [f"  {head}", *lines, "  }", *([""] if end else [])]


def _lines(text: str, reason: str, column: int) -> list[str]:
    """Returns a line of the spec with its comment, which stands above the line if it would make it too long.

    A line break in a reason would end the comment.
    """
    plain = "".join(letter if letter.isprintable() else " " for letter in reason)
    line = f"{text.ljust(column - 2)}  # {plain}" if plain else text
    return [line] if not plain or len(line) <= LONGEST else [*(f"    {part}" for part in _comment(plain)), text]


def _settings(guesses: Sequence[Guess]) -> list[tuple[str, str]]:
    width = max(len(guess.setting) for guess in guesses)
    return [(f"{guess.setting:<{width}} {guess.value}", guess.reason) for guess in guesses]


def read_of(text: str, name: str = "read") -> Read:
    """Returns what the text of a setting `read` says, such as `delimiter: ";", decimal: ","`.

    Raises `Refusal` for what the setting does not take, with its place in the text, which is called `name`.
    """
    if ":" not in text:
        expected = 'what `data { read … }` takes, such as `delimiter: ";"`'
        raise Refusal(BadOption(option=name, expected=expected, value=text or "nothing"))
    source = Source("draft", f"hqnn 1\nmodel draft {{ data {{ target y }} {SKETCH} }}")
    return pipeline.program(source, {"data.read": Source(name, text, is_option=True)}).spec.data.read


def draft_of(  # noqa: PLR0913 - what `hqnn init` is told
    origin: object,
    targets: tuple[str, ...] = (),
    task: str | None = None,
    name: str = "",
    read: Read | None = None,
    *,
    reader: Callable[[Any, Read], Table] = read_table,
) -> Draft:
    """Returns a first spec for a table, a file or a frame. `targets` are its columns to predict, guessed if empty.

    `name` is the model's, that of the file if it is empty; `read` is what is known of how the file is written. `reader`
    reads the table. The spec is checked, and the table prepared by it, before it is returned; a file is read once more
    if the spec says how. Raises `Refusal` for a table that no spec can be written for.
    """
    read = read or Read()
    table = reader(origin, read)
    is_file = isinstance(origin, str | PathLike) and str(origin) != STANDARD_INPUT
    guess = guess_data(table, targets, task, read, partial(reader, origin) if is_file else None)
    prepared = guess.prepared
    sizes = sizes_of(len(prepared.preparation.features.inputs), len(prepared.preparation.parts.train))
    draft = Draft(
        name=model_name(name or table.name),
        source=table.name,
        rows=table.num_rows,
        columns=len(table.columns),
        guesses=guess.guesses,
        sizes=sizes,
        prepared=prepared,
    )
    program = pipeline.program(Source(f"{draft.name}.hqnn", draft.text))
    return replace(draft, prepared=prepare(program.spec, table))
