"""A model card: Markdown with a head in YAML, in the form that model hubs read.

The form is that of Hugging Face: `model-index` holds the scores of the test rows, sections are those of its template
(Mitchell et al., Model Cards for Model Reporting, 2019). What a run does not know is left to its author, in the
template's own words.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from hqnn_dsl import __version__
from hqnn_dsl.diagnostics.codes.reports import CardNotOurs
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.quantities import CLASS_SCORES, MORE_SCORES, SCORES, count, parts_of
from hqnn_dsl.files import read_small
from hqnn_dsl.literals import call, setting
from hqnn_dsl.report.card_columns import example, range_table
from hqnn_dsl.report.card_text import fenced, plain, sentence, table_of, yaml_of
from hqnn_dsl.report.facts import data_blocks, environment_blocks, shape_blocks, verdict_block
from hqnn_dsl.report.parts import Table, measured, table
from hqnn_dsl.report.row_scores import LEVEL, MOST_ROWS, interval, recorded, statistics_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hqnn_dsl.data.tables import Table as DataTable
    from hqnn_dsl.report.parts import Block
    from hqnn_dsl.report.reading import RunFiles
    from hqnn_dsl.report.row_scores import Interval

UNKNOWN = "[More Information Needed]"
"""The template's words for what its author is to fill in."""

HUB_NAMES = {"r2": "r_squared"}
"""Names of scores on the hub, where they are others than those of `metrics.json`."""

TITLES = SCORES | MORE_SCORES | CLASS_SCORES | {"balanced_accuracy": "balanced accuracy", "loss": "loss"}
TASKS = {"regression": "tabular-regression", "classification": "tabular-classification"}
MOST_EXAMPLE, MOST_BYTES = 200, 10_000_000
MARK = re.compile(r"<!-- hqnn-card sha256:([0-9a-f]{64}) -->\n?\Z")


def card_of(run: RunFiles, data: DataTable | None = None) -> str:
    """Returns the card of a run; `data` is the table of its training, for the ranges of columns.

    Raises `Refusal`: E0657 if it is another table.
    """
    text = f"---\n{yaml_of(_head(run))}---\n\n" + "\n".join(_body(run, data))
    return f"{text}<!-- hqnn-card sha256:{_hash(text)} -->\n"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def check_replaceable(path: Path) -> None:
    """Refuse (E0656) a file that is there and no card as this module has written it."""
    try:
        text = read_small(path, MOST_BYTES).decode("utf-8")
    except FileNotFoundError:
        return
    except (OSError, ValueError):  # no file, too large, no text
        text = ""
    match = MARK.search(text)
    if match is None or match[1] != _hash(text[: match.start()]):
        raise Refusal(CardNotOurs(path=str(path)))


# ---------------------------------------------------------------------------------------------------------------- head


def _head(run: RunFiles) -> dict[str, Any]:
    task = TASKS[run.preparation.task]
    test = run.metrics.get("test") or {}
    keys = [key for key in TITLES if test.get(key) is not None and key != "loss"]
    found: dict[str, Any] = {
        "library_name": "hqnn",
        "pipeline_tag": task,
        "tags": [task, "quantum-machine-learning", "hybrid-quantum-classical", "qiskit", "pytorch"],
    }
    if not keys:
        return found
    metrics = [_metric(key, TITLES[key], float(test[key])) for key in keys]
    if run.classes is None and len(run.targets) > 1:
        for target in run.targets:
            own = test["targets"].get(target, {})
            metrics += [
                _metric(key, f"{TITLES[key]} of {target}", float(own[key])) for key in keys if own.get(key) is not None
            ]
    name = _table_name(run)
    dataset = {
        "type": re.sub("[^a-z0-9]+", "-", PurePath(name).stem.lower()).strip("-") or "table",
        "name": name,
        "split": "test",
        "args": {"rows": len(run.preparation.parts.test), "sha256": run.preparation.fingerprint},
    }
    result = {
        "task": {"type": task, "name": task.replace("-", " ").capitalize()},
        "dataset": dataset,
        "metrics": metrics,
    }
    return found | {
        "metrics": [HUB_NAMES.get(key, key) for key in keys],
        "model-index": [{"name": run.program.spec.name, "results": [result]}],
    }


def _metric(key: str, title: str, value: float) -> dict[str, Any]:
    return {"type": HUB_NAMES.get(key, key), "name": title, "value": value}


def _table_name(run: RunFiles) -> str:
    """The name of the table's file, without the folders of the machine that trained."""
    environment = run.environment
    if environment is None or environment.table is None:
        return "the table of the training"
    return PurePath(environment.table.path).name


# ---------------------------------------------------------------------------------------------------------------- body


def _body(run: RunFiles, data: DataTable | None) -> Iterator[str]:
    spec = run.program.spec
    yield from (f"# Model Card for {plain(spec.name)}", "")
    if spec.doc:
        yield from (plain(spec.doc), "")
    yield from (sentence(verdict_block(run).text), "")
    yield from ("## Model Details", "", "### Model Description", "")
    yield from _description(run)
    yield from _uses(run)
    yield from ("## Bias, Risks, and Limitations", "")
    yield from (f"- {line}" for line in _limits(run, has_ranges=data is not None))
    yield ""
    if data is not None:
        yield from table_of(range_table(run, data))
    yield from ("## How to Get Started with the Model", "")
    yield from _loading(run)
    yield from _training(run)
    yield from ("## Evaluation", "")
    yield from _evaluation(run)
    yield from ("## Technical Specifications", "")
    for block in environment_blocks(run.environment):
        yield from _shown(block)
    yield from ("## Model Card Authors", "", UNKNOWN, "")
    yield from (f"Written by `hqnn report --card`, hqnn {plain(__version__)}, from the files of the run.", "")


def _shown(block: Block) -> Iterator[str]:
    """The lines of a sentence or a table of the run's page."""
    if isinstance(block, Table):
        yield from (f"**{plain(block.title)}**", "")
        yield from table_of(block)
    elif block.kind == "sentence":
        yield from (sentence(block.text), "")


def _description(run: RunFiles) -> Iterator[str]:
    targets, features = run.targets, run.preparation.features.names
    what = f"the classes {_named(run.classes)} of" if run.classes is not None else count(len(targets), "number") + ":"
    reads = f"{count(len(features), 'column')} of a table: {_named(features)}"
    yield from (f"A hybrid quantum-classical neural network. It predicts {what} {_named(targets)} from {reads}.", "")
    yield f"- **Developed by:** {UNKNOWN}"
    yield "- **Model type:** classical encoder, parametrised quantum circuit, classical decoder (hqnn, PyTorch, Qiskit)"
    yield f"- **License:** {UNKNOWN}"
    yield ""
    for block in shape_blocks(run):
        yield from _shown(block)


def _named(names: tuple[str, ...], most: int = 20) -> str:
    said = ", ".join(map(plain, names[:most]))
    return f"{said} and {len(names) - most} more" if len(names) > most else said


def _uses(run: RunFiles) -> Iterator[str]:
    yield from ("## Uses", "", "### Direct Use", "")
    yield f"Predictions of {_named(run.targets)} for rows that come from where the training rows came from."
    yield from ("", "### Out-of-Scope Use", "")
    yield "Rows outside the ranges of the training rows, other populations or instruments, and decisions about people"
    yield from ("or safety without an evaluation of their own: none of that was tested.", "")


def _limits(run: RunFiles, *, has_ranges: bool) -> Iterator[str]:
    parts = run.preparation.parts
    yield sentence(verdict_block(run).text)
    rows = len(parts.test)
    if rows:
        yield f"The scores are of {count(rows, 'test row')}; the network was trained on {len(parts.train)}."
    else:
        yield f"No row was kept for a test; the network was trained on {len(parts.train)}."
    yield "It is one training with one split and one seed; others give other scores (`hqnn train --folds`, `--seeds`)."
    yield _where_run(run)
    if run.level is not None:
        yield (
            f"Intervals of predictions are meant to hold {run.level:.0%} of new rows, if these are exchangeable with "
            "the validation rows; the coverage on the test rows is among the scores."
        )
    elif run.classes is None:
        yield "Predicted numbers come without intervals."
    else:
        yield "Probabilities are those of the network's outputs; nothing has calibrated them."
    if has_ranges:
        yield "Outside the ranges below it extrapolates: bounded angles make its response flat or periodic there."
    else:
        yield (
            "Outside the ranges of the training rows it extrapolates. The run does not hold these ranges; "
            "`hqnn report RUN --card --data DATA` adds them."
        )


def _where_run(run: RunFiles) -> str:
    """Whether a quantum device took part."""
    if run.environment is None:
        return "The run does not say what ran its circuit."
    backend = run.environment.backend
    said = plain(call(backend.name, {name: setting(value) for name, value in backend.options.items()}))
    if str(backend.options.get("name", "")).startswith("ibm_"):
        return f"The circuit was run on a quantum device, by {said}; its calibration changes from day to day."
    noisy = "with shots or noise " if any(backend.options.get(name) for name in ("shots", "noise")) else ""
    return (
        f"The circuit was simulated {noisy}on a classical computer, by {said}; no quantum device took part, and "
        "nothing here says that one would do better or as well."
    )


def _loading(run: RunFiles) -> Iterator[str]:
    columns = run.preparation.features.columns
    yield from ("Install `hqnn-dsl`, and run this in the folder of the run, the one with `metrics.json`:", "")
    lines = ["import hqnn", "import pandas as pd", "", 'run = hqnn.open_run(".")']
    if len(columns) <= MOST_EXAMPLE:
        cells = [f"        {column.name!a}: [{example(column)!a}]," for column in columns]
        lines += ["rows = pd.DataFrame(", "    {", *cells, "    }", ")  # any frame or file with these columns"]
    else:
        lines += [f'rows = pd.read_csv("table.csv")  # with {len(columns)} columns: run.features names them']
    lines += ["print(run.predict(rows))", 'network = hqnn.load(".")  # the same as a torch.nn.Module']
    yield from fenced("\n".join(lines), "python")


def _training(run: RunFiles) -> Iterator[str]:
    yield from ("## Training Details", "", "### Training Data", "")
    yield f"{plain(_table_name(run))}, split into these parts:"
    yield ""
    for block in data_blocks(run):
        yield from _shown(block)
    yield from ("### Training Procedure", "", "The spec, with every default filled in:", "")
    yield from fenced(run.text, "hqnn")


# ---------------------------------------------------------------------------------------------------------- evaluation


def _evaluation(run: RunFiles) -> Iterator[str]:
    test = run.metrics.get("test")
    if not test:
        yield from ("There are no scores of test rows.", "")
        return
    found = scores_with_intervals(run)
    yield from ("### Results on the test rows", "")
    rows = [
        [title, measured(value), *(measured(None if ends is None else end) for end in _ends(ends))]
        for title, value, ends in found
    ]
    yield from table_of(table("scores", ("score", "value", f"{LEVEL:.0%} from", "to"), rows))
    yield from (_method(run, [ends for _, _, ends in found if ends is not None]), "")
    baselines = [(name, part) for name, part in parts_of(run.metrics) if name.endswith("(test)")]
    if baselines:
        yield from ("### Baselines on the same rows", "")
        keys = [key for key in TITLES if test.get(key) is not None and key != "loss"]
        lines = [[name, *(measured(part.get(key)) for key in keys)] for name, part in [("the model", test), *baselines]]
        yield from table_of(table("baselines", ("", *(TITLES[key] for key in keys)), lines))


def _ends(found: Interval | None) -> tuple[float | None, float | None]:
    return (None, None) if found is None else (found.low, found.high)


def scores_with_intervals(run: RunFiles) -> list[tuple[str, float, Interval | None]]:
    """Returns the scores of the test rows, those of several targets each, with their titles and intervals."""
    test, statistics = run.metrics["test"], statistics_of(run)
    names = [key for key in TITLES if key != "loss"]
    if run.classes is None and len(run.targets) > 1:
        names += [f"{key}/{target}" for target in run.targets for key in TITLES if key != "loss"]
    found = []
    for name in names:
        value = recorded(test, name)
        if value is None:
            continue
        key, _, target = name.partition("/")
        title = f"{TITLES[key]} of {target}" if target else TITLES[key]
        rows = 0 if run.predictions is None else len(run.predictions)
        ends = interval(statistics[name], rows) if name in statistics else None
        found.append((title, value, ends))
    return found


def _method(run: RunFiles, found: list[Interval]) -> str:
    """How the intervals were made, or why there is none."""
    if run.preparation.weights is not None:
        return "Rows are weighted, and the weights are not kept with predictions: scores with them have no interval."
    if not found:
        rows = count(len(run.preparation.parts.test), "test row")
        return f"No interval: the {rows} do not settle one (from 2 to {MOST_ROWS:,} rows are drawn from)."
    method = {"BCa": "bias-corrected and accelerated", "percentile": "percentile"}[found[0].method]
    return (
        f"Intervals are {method} bootstrap intervals (scipy.stats.bootstrap, {found[0].resamples} draws of the test "
        "rows with a fixed seed). They say how much a score depends on which rows were tested, and nothing of other "
        "splits, seeds or sources of data. A dash: no draw differs, or a draw has no score."
    )
