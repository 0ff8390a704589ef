"""What a comparison was: protocol, seal, derived specs, classical simulation, cost and versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.notebook.colours import coloured
from hqnn_dsl.report.parts import Code, Sentence, measured, table
from hqnn_dsl.report.sections import MOST_SPEC_LINES
from hqnn_dsl.science.pages.contenders import chosen_by
from hqnn_dsl.science.pages.words import bare, rows_words, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hqnn_dsl.report.parts import Block
    from hqnn_dsl.science.pages.reading import ComparisonFiles
    from hqnn_dsl.science.pages.records import Simulated


def protocol_blocks(files: ComparisonFiles) -> Iterator[Block]:
    """Yields the protocol, the data, and the seal."""
    record, protocol, score = files.record, files.record.protocol, files.score
    direction = "higher is better" if score.higher_is_better else "lower is better"
    of = " of the other's score" if score.is_share else ""
    rows = [
        ["table", f"{record.table.name}, {count(record.table.rows, 'row')}"],
        ["SHA-256 of its cells", record.table.sha256],
        ["task", record.task],
        ["targets", ", ".join(record.target)],
        ["units", protocol.plan.sentence],
        ["trials of each contender on each unit", str(protocol.trials)],
        ["trials are chosen by", chosen_by(files)],
        ["score that decides", f"{score.title} of the test rows, {direction}"],
        ["differences that do not matter", f"up to {protocol.region:g}{of}"],
        ["difference that should be seen", f"{protocol.size:g}{of}"],
        ["level, over all comparisons", f"{protocol.level:g}"],
        ["seed", str(protocol.seed)],
        ["rows to learn from", ", ".join(rows_words(number) for number in protocol.rows)],
    ]
    yield table("Protocol", ("what", "value"), rows)
    yield Sentence(
        "Every contender has the same rows, folds, seeds, epochs and number of trials; its settings are chosen on "
        "validation rows, and the test rows are scored once, with the best."
    )
    seal = files.seal
    if seal is None:
        yield Sentence("The comparison has no seal: nothing shows that its protocol was stated before (`hqnn seal`).")
        return
    facts = [["file", seal.path], ["sealed", seal.sealed], ["SHA-256", seal.sha256]]
    hypotheses = [[f"hypothesis {place}", text] for place, text in enumerate(seal.hypotheses, 1)]
    yield table("Seal: stated before any test row was scored", ("what", "value"), [*facts, *hypotheses])


def spec_blocks(files: ComparisonFiles) -> Iterator[Block]:
    """Yields the specs of the model as written and of its controls, in colours."""
    if not files.specs:
        yield Sentence("There are no specs.")
        return
    yield Sentence("Each runs on its own: `hqnn train` reads it.")
    for name, text in files.specs.items():
        title = f"{bare(files.titles[name])}: specs/{name}.hqnn"
        yield Code(title, coloured(text, lambda role: f'class="{role}"', MOST_SPEC_LINES), is_collapsed=True)


def simulation_blocks(files: ComparisonFiles) -> Iterator[Block]:
    """Yields the statement that the circuit was simulated, and how easily it is."""
    found = files.simulated
    if found is None:
        yield Sentence("Nothing is recorded of the classical simulation of the circuit.")
        return
    yield sentence(found.statement)
    yield table("How easily the model's circuit is simulated classically", ("what", "value"), simulation_rows(found))


def simulation_rows(found: Simulated) -> list[list[str]]:
    """Returns the facts as the lines of a table."""
    algebra = found.algebra
    dimension = f"unknown: {algebra.reason}" if algebra.dimension is None else str(algebra.dimension)
    holds = {True: "yes", False: "no", None: "unknown"}[algebra.holds_observables]
    return [
        ["qubits", str(found.num_qubits)],
        ["gates", str(found.gates)],
        ["qubits of the widest light cone of an output", str(found.widest_cone)],
        ["Pauli rotations", str(found.rotations)],
        ["rotations left without Clifford gates", str(found.rotations_left)],
        ["of these, turned by inputs or weights", str(found.varying)],
        ["dimension of the Lie algebra of all rotations", dimension],
        ["observables lie in it", holds],
        ["bytes of the state of all qubits", str(found.state_bytes)],
        ["bytes of the largest state that was needed", str(found.largest_state_bytes)],
    ]


def cost_blocks(files: ComparisonFiles) -> Iterator[Block]:
    """Yields what the comparison has cost, and the versions that numbers depend on."""
    cost, environment = files.cost, files.environment
    if cost is not None:
        rows = [
            ["seconds of the wall", measured(cost.wall_seconds)],
            ["trials", str(cost.trials)],
            ["seconds of all trials", measured(sum(cost.trial_seconds.values()))],
        ]
        yield table("Cost", ("what", "value"), rows)
        seconds = sorted(cost.trial_seconds.items(), key=lambda pair: -pair[1])
        each = [[bare(files.titles.get(name, name)), measured(value)] for name, value in seconds]
        yield table("Seconds of the trials of each contender", ("contender", "seconds"), each, is_collapsed=True)
    if environment is not None:
        cpus = "unknown" if environment.cpus is None else str(environment.cpus)
        versions = [["hqnn", environment.hqnn], ["Python", environment.python], ["platform", environment.platform]]
        versions += [["processors", cpus], *(list(pair) for pair in environment.packages.items())]
        yield table("Versions", ("package", "version"), versions)
    if cost is None and environment is None:
        yield Sentence("Nothing is recorded of cost and versions.")
