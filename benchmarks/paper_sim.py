"""The 19 circuits of Sim, Johnson, Aspuru-Guzik (2019): expressibility and entanglement at 1 to 3 layers.

python -m benchmarks.paper_sim             all of them, and docs/paper-sim.md
python -m benchmarks.paper_sim --only 9    some of the circuits, printed only

The specs are `specs/papers/sim/circuit_01.hqnn` to `circuit_19.hqnn`. Leaves with exit code 1 if a value is further
from the recorded one than sampling explains.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass
from pathlib import Path

import hqnn
from benchmarks.page import table
from hqnn_dsl.files import replacing

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "paper-sim.md"
LAYERS = (1, 2, 3)
SIGMAS = 4
"""How many standard deviations of the difference two values may be apart."""
RUNS = 10
"""Runs behind a recorded divergence."""


@dataclass(frozen=True)
class Known:
    """Facts about a circuit at 1 and 3 layers.

    `published` is the paper's KL divergence, as quoted with its DOI in the tests of the package qml-essentials;
    `recorded` and `spread` are the mean of ten runs of an independent implementation in NumPy, and the standard
    deviation of one of them; `q` is its mean Meyer-Wallach Q.
    """

    published: tuple[float, float]
    recorded: tuple[float, float]
    spread: tuple[float, float]
    q: tuple[float, float]


KNOWN = {
    1: Known((0.2999, 0.2079), (0.3020, 0.1984), (0.0143, 0.0069), (0.0000, 0.0000)),
    2: Known((0.2860, 0.0084), (0.3034, 0.0052), (0.0159, 0.0013), (0.6216, 0.7870)),
    3: Known((0.2396, 0.0403), (0.2620, 0.0362), (0.0111, 0.0055), (0.1713, 0.4425)),
    4: Known((0.1343, 0.0107), (0.1347, 0.0134), (0.0134, 0.0027), (0.3101, 0.5610)),
    5: Known((0.0602, 0.0030), (0.0600, 0.0038), (0.0069, 0.0010), (0.2886, 0.7085)),
    6: Known((0.0061, 0.0039), (0.0044, 0.0040), (0.0010, 0.0011), (0.6857, 0.8213)),
    7: Known((0.0977, 0.0162), (0.1088, 0.0189), (0.0110, 0.0031), (0.2122, 0.5082)),
    8: Known((0.0858, 0.0122), (0.0766, 0.0118), (0.0099, 0.0028), (0.2890, 0.5631)),
    9: Known((0.6773, 0.0322), (0.6973, 0.0273), (0.0300, 0.0041), (1.0000, 1.0000)),
    10: Known((0.2286, 0.1297), (0.2397, 0.1408), (0.0104, 0.0057), (0.3758, 0.6561)),
    11: Known((0.1312, 0.0038), (0.1414, 0.0054), (0.0074, 0.0006), (0.5388, 0.7441)),
    12: Known((0.1984, 0.0089), (0.1763, 0.0075), (0.0075, 0.0015), (0.4000, 0.6664)),
    13: Known((0.0516, 0.0049), (0.0712, 0.0042), (0.0049, 0.0012), (0.4067, 0.7267)),
    14: Known((0.0144, 0.0035), (0.0143, 0.0038), (0.0027, 0.0010), (0.5442, 0.7945)),
    15: Known((0.1892, 0.1152), (0.1871, 0.1181), (0.0131, 0.0053), (0.7124, 0.7746)),
    16: Known((0.2602, 0.0375), (0.2569, 0.0380), (0.0111, 0.0039), (0.1722, 0.4435)),
    17: Known((0.1359, 0.0180), (0.1411, 0.0136), (0.0087, 0.0018), (0.2934, 0.5542)),
    18: Known((0.2340, 0.0221), (0.2467, 0.0160), (0.0088, 0.0023), (0.2177, 0.5526)),
    19: Known((0.0809, 0.0040), (0.0686, 0.0038), (0.0047, 0.0007), (0.3871, 0.7070)),
}
WORDS = """\
*KL* is the Kullback-Leibler divergence in nats of the fidelities of 5000 random pairs of states, in 75 bins, from those
of Haar-random states; *Q* the mean Meyer-Wallach measure of 1000 random states ([analyze.md](analyze.md)). Parameters
are uniform in [0, 2π). After ± is the standard error of one run; KL is heavy-tailed, and its estimate is too large by
about 0.002 to 0.005, so values below 0.01 only rank circuits. *Published* is the paper's KL (Adv. Quantum Technol. 2,
1900070; arXiv 1905.10876), as quoted with its DOI in the tests of qml-essentials; *recorded* are means over ten runs of
an independent implementation. *Deviations* are standard deviations between this value and the recorded one. The
paper's entangling capability is not compared: its published numbers are not the mean of Q, as other implementations
found too."""
ROUNDING = 1e-3
"""How far a recorded Q may be off by its own sampling; its spread is not recorded."""


@dataclass(frozen=True)
class Measured:
    """The divergence and Q of one circuit at one number of layers, each with its standard error."""

    circuit: int
    layers: int
    kl: float
    kl_error: float
    q: float
    q_error: float

    @property
    def place(self) -> int | None:
        """The place in the tuples of `Known`; None for two layers, of which nothing is known."""
        return {1: 0, 3: 1}.get(self.layers)

    @property
    def kl_sigmas(self) -> float | None:
        """Standard deviations between this divergence and the recorded one."""
        if self.place is None:
            return None
        known = KNOWN[self.circuit]
        spread = known.spread[self.place]
        one_run = max(spread, self.kl_error)
        return (self.kl - known.recorded[self.place]) / math.hypot(one_run, spread / math.sqrt(RUNS))

    @property
    def published_sigmas(self) -> float | None:
        """Standard deviations between this divergence and the published one, each of one run."""
        if self.place is None:
            return None
        known = KNOWN[self.circuit]
        one_run = max(known.spread[self.place], self.kl_error)
        return (self.kl - known.published[self.place]) / math.hypot(one_run, one_run)

    @property
    def q_sigmas(self) -> float | None:
        """Standard deviations between this Q and the recorded one."""
        if self.place is None:
            return None
        return (self.q - KNOWN[self.circuit].q[self.place]) / math.hypot(math.sqrt(2) * self.q_error, ROUNDING)


def spec_of(circuit: int) -> Path:
    """The spec of a circuit."""
    return ROOT / "specs" / "papers" / "sim" / f"circuit_{circuit:02d}.hqnn"


def measure(circuit: int, layers: int, seed: int = 0) -> Measured:
    """The measures of one circuit: 5000 pairs in 75 bins, and 1000 states."""
    program = hqnn.compile(spec_of(circuit), {"reps": layers})
    found = hqnn.analyze(program, only=("expressibility", "entanglement"), seed=seed)
    kl, q = found["expressibility"]["KL"], found["entanglement"]["Q"]
    assert kl.value is not None
    assert kl.error is not None
    assert q.value is not None
    assert q.error is not None
    return Measured(circuit, layers, kl.value, kl.error, q.value, q.error)


def page(results: list[Measured]) -> str:
    """The page: what disagrees first, then all values."""
    beyond = disagreeing(results)
    compared = [one for one in results if one.place is not None]
    near = sum(abs(one.published_sigmas or 0.0) <= SIGMAS - 1 for one in compared)
    far = [one for one in compared if abs(one.published_sigmas or 0.0) > SIGMAS - 1]
    sentence = f"All {2 * len(compared)} values agree with the recorded ones within {SIGMAS} standard deviations."
    listed = ", ".join(f"circuit {one.circuit} at {one.layers}" for one in far)
    others = f"; not so: {listed}" if far else ""
    published = (
        f"Of the {len(compared)} divergences that the paper gives, {near} are within {SIGMAS - 1} standard deviations "
        f"of the difference of two runs{others}."
    )
    title = "# The 19 circuits of Sim, Johnson, Aspuru-Guzik (2019)"
    made = "Made by `make paper-sim`; do not edit it by hand."
    parts = [title, made, "\n".join(beyond) if beyond else sentence, published, WORDS]
    for layers in LAYERS:
        rows = [_row(one) for one in results if one.layers == layers]
        title = f"## {layers} layer{'s' if layers > 1 else ''}"
        if layers == 2:
            parts += [title, table(["circuit", "KL", "Q"], [row[:3] for row in rows])]
        else:
            head = ["circuit", "KL", "Q", "KL published", "KL recorded", "deviations", "Q recorded", "deviations"]
            parts += [title, table(head, rows)]
    return "\n\n".join(parts) + "\n"


def _row(one: Measured) -> list[str]:
    found = [str(one.circuit), f"{one.kl:.4f} ± {one.kl_error:.4f}", f"{one.q:.4f} ± {one.q_error:.4f}"]
    if one.place is None:
        return found
    known = KNOWN[one.circuit]
    return [
        *found,
        f"{known.published[one.place]:.4f}",
        f"{known.recorded[one.place]:.4f}",
        f"{one.kl_sigmas:+.1f}",
        f"{known.q[one.place]:.4f}",
        f"{one.q_sigmas:+.1f}",
    ]


def disagreeing(results: list[Measured]) -> list[str]:
    """A sentence for each value that is too far from the recorded one."""
    found = []
    for one in results:
        for name, sigmas in (("KL", one.kl_sigmas), ("Q", one.q_sigmas)):
            if sigmas is not None and abs(sigmas) > SIGMAS:
                what = f"{name} of circuit {one.circuit} at {one.layers} layers"
                found.append(f"{what} is {abs(sigmas):.1f} standard deviations off.")
    return found


def main() -> None:
    """Measure, write the page, and leave with exit code 1 if a value disagrees."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=int, nargs="+", choices=sorted(KNOWN), help="numbers of circuits; printed only")
    asked = parser.parse_args()
    hqnn.send_notices_to(lambda warning: print(warning.line, file=sys.stderr))
    results = []
    for layers in LAYERS:
        for circuit in asked.only or KNOWN:
            one = measure(circuit, layers)
            results.append(one)
            print(f"circuit {circuit}, {layers} layers: KL {one.kl:.4f}, Q {one.q:.4f}", file=sys.stderr, flush=True)
    if not asked.only:
        with replacing(PAGE) as beside:
            beside.write_text(page(results), encoding="utf-8", newline="\n")
        print(f"wrote {PAGE.relative_to(ROOT)}")
    failed = disagreeing(results)
    for sentence in failed:
        print(sentence, file=sys.stderr)
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
