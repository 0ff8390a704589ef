"""The loss of a spec's network on the training rows of a table, along two directions around its starting weights."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hqnn_dsl.science.analysis.landscape import loss_landscape

if TYPE_CHECKING:
    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.program import Program
    from hqnn_dsl.science.analysis.findings import Finding

MOST_ROWS = 256
"""Training rows of the loss, the first of them."""


def table_landscape(program: Program, table: Table, seed: int, grid: int) -> Finding:
    """The landscape of the spec's loss, in scaled units, over all trained weights of the network. Raises `Refusal`."""
    import torch

    from hqnn_dsl.data.split import split_rows
    from hqnn_dsl.named_backends import AUTO, backend_choice
    from hqnn_dsl.training.run import set_up

    program.refuse_training()
    if program.spec.backend.name == AUTO.name:
        precision = "double" if program.spec.train.precision == "double" else "single"
        program = replace(program, recorded=backend_choice(f"native(precision: {precision}, device: cpu)"))
    setup = set_up(program, table, None, split_rows)
    rows, net, loss = setup.samples.train, setup.training.net.eval(), setup.training.loss
    features, targets = rows.features[:MOST_ROWS], rows.targets[:MOST_ROWS]
    weights = () if rows.weights is None else (rows.weights[:MOST_ROWS],)

    def value() -> float:
        with torch.no_grad():
            return float(loss(net(features), targets, *weights))

    quantum = {id(weight) for weight in net.quantum_weights()}
    named = [weight for weight in net.parameters() if weight.requires_grad]
    sentence = (
        f"`{setup.spec.train.loss.name}` in scaled units on {len(features)} training rows, all trained weights of the "
        "network around their start"
    )
    filters = [id(weight) not in quantum for weight in named]
    return loss_landscape(value, named, filters, seed=seed, grid=grid, settings=(sentence,))
