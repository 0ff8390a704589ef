"""The page's section about a whole training step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.training import BY_NAME, CONTESTANTS
from benchmarks.training.networks import HIDDEN, NETWORKS, STEPS
from benchmarks.training.rounds import APART, CHECKED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.workloads import Workload

TITLE = "## A whole training step"
NOT_RUN = "Not measured in this run."
ABSENT = "–"
STEP = f"""\
Loss, gradients and AdamW on a batch, in float32: dense({HIDDEN}), silu, a dense layer as wide as the circuit, tanh · π,
the circuit, all ⟨Z⟩, dense(1), mean squared error. All start from the same weights and take the same rows in the same
order; the losses of the first {CHECKED} steps were found within {APART:g} of those of a loop in double precision before
anything was timed. An epoch has {STEPS} steps; a step is a part of it, so the cutting of batches and the reading of
losses are in. JAX has the rows on its device, and reads losses once an epoch. Each is run with one and two threads, and
the better counts. They take turns of 0.08 s or of one epoch. Where other programs run on the same cores, the least of
all epochs says more than the median, and both are given: `median (least)`."""
SHARES = """\
The parts of the compiled step on one thread, each the least of many turns. The circuit is what the network takes more
than without it; layers what that takes more than a single dense(1); the rest is that one layer, the loss, the rows and
the call."""
PARTS = ("circuit", "layers", "optimizer", "rest")


def number(value: float) -> str:
    """Three digits that count, with commas."""
    return f"{float(f'{value:.3g}'):,.0f}" if value >= 100 else f"{value:.3g}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, its first column to the left and all others to the right."""
    lines = [f"| {' | '.join(head)} |", f"|---|{'---:|' * (len(head) - 1)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def measured(training: dict[str, Any]) -> list[Workload]:
    """The networks that there are figures of."""
    return [network for network in NETWORKS if network.name in training["networks"]]


def head(networks: Sequence[Workload]) -> list[str]:
    """The networks as heads of columns."""
    return ["", *(f"({one.num_qubits}, {one.batch}) {one.family.upper()}" for one in networks)]


def of(training: dict[str, Any], network: Workload, name: str) -> dict[str, Any] | None:
    """What was kept of a contestant that was timed on a network."""
    found: dict[str, Any] | None = training["networks"][network.name]["contestants"].get(name)
    return found if found and found.get("median") else None


def fastest(training: dict[str, Any], network: Workload, key: str, *, peers: bool) -> str | None:
    """The contestant with the least `median` or `least`, of all, or of those that are not ours."""
    timed = {one.name: of(training, network, one.name) for one in CONTESTANTS if not (peers and one.ours)}
    known = {name: found[key] for name, found in timed.items() if found}
    return min(known, key=lambda name: known[name]) if known else None


def by_contestant(training: dict[str, Any], cell: Callable[[Workload, str], str]) -> str:
    """A row a contestant, a column a network."""
    networks = measured(training)
    rows = [[one.title, *(cell(network, one.name) for network in networks)] for one in CONTESTANTS]
    return table(head(networks), rows)


def step_cell(training: dict[str, Any], network: Workload, name: str) -> str:
    """Microseconds of a step."""
    kept = training["networks"][network.name]["contestants"].get(name)
    found = of(training, network, name)
    if found is None:
        return "see below" if kept else ABSENT
    return f"{number(1e6 * found['median'])} ({number(1e6 * found['least'])})"


def ratio_cell(training: dict[str, Any], network: Workload, name: str) -> str:
    """How many times longer than the fastest of all, by medians and by the least."""
    found = of(training, network, name)
    if found is None:
        return ABSENT
    texts = []
    for key in ("median", "least"):
        best = fastest(training, network, key, peers=False)
        assert best is not None
        texts.append(number(found[key] / of(training, network, best)[key]))  # type: ignore[index]
    return f"{texts[0]} ({texts[1]})"


def ahead(training: dict[str, Any]) -> str:
    """How many times faster our compiled step is than the fastest of the others, a line a network."""
    rows = []
    for network in measured(training):
        own, cells = of(training, network, "compiled"), []
        for key in ("median", "least"):
            best = fastest(training, network, key, peers=True)
            peer = of(training, network, best) if best else None
            cells.append(
                f"{number(peer[key] / own[key])} × ({BY_NAME[best].title})" if own and peer and best else ABSENT
            )
        rows.append([*head([network])[1:], *cells])
    return table(["", "by medians", "by the least"], rows)


def share_table(training: dict[str, Any]) -> str:
    """The parts of the compiled step, in microseconds and as parts of their sum."""
    rows = []
    for network in measured(training):
        found = training["networks"][network.name].get("shares")
        if found:
            total = sum(found[part] for part in PARTS)
            cells = [f"{number(1e6 * found[part])} ({100 * found[part] / total:.0f} %)" for part in PARTS]
            rows.append([*head([network])[1:], *cells])
    return table(["", *PARTS], rows) if rows else ""


def thread_cell(training: dict[str, Any], network: Workload, name: str) -> str:
    """The number of threads that suited a contestant."""
    found = of(training, network, name)
    return str(found["threads"]) if found else ABSENT


def reasons(training: dict[str, Any]) -> str:
    """Who could not do what, and why."""
    return "\n".join(
        f"- {BY_NAME[name].title}, {network}: {found['reason']}"
        for network, kept in training["networks"].items()
        for name, found in kept["contestants"].items()
        if found["reason"]
    )


def versions(training: dict[str, Any]) -> str:
    """The packages of the contestants."""
    known = sorted(
        {f"{package} {number}" for found in training["versions"].values() for package, number in found.items()}
    )
    return f"Measured on {training['date']} with {', '.join(known)}."


def section(training: dict[str, Any] | None) -> str:
    """The section without its title."""
    if not training or not training["networks"]:
        return NOT_RUN

    def by(cell: Callable[[dict[str, Any], Workload, str], str]) -> str:
        return by_contestant(training, lambda network, name: cell(training, network, name))

    shares = share_table(training)
    parts = [
        STEP,
        "How many times faster the compiled step is than the fastest of the others:",
        ahead(training),
        "Microseconds of a step:",
        by(step_cell),
        "How many times longer than the fastest of all:",
        by(ratio_cell),
        *([SHARES, shares] if shares else []),
        "Threads that suited each better:",
        by(thread_cell),
        reasons(training),
        versions(training),
    ]
    return "\n\n".join(part for part in parts if part)
