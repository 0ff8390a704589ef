"""The measures by name, each with its definition and its source in short: what tables, pages and documents say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """A measure: `title` for tables, `definition` in a sentence or two, `source` as a reference."""

    name: str
    title: str
    definition: str
    source: str
    is_sampled: bool = True


MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure(
            "expressibility",
            "Expressibility",
            "Kullback-Leibler divergence, in nats, of the fidelities |<ψ(a)|ψ(b)>|² of random pairs of states, in 75 "
            "equal bins, from those of Haar-random states, whose bins have the masses (1-l)^(N-1) - (1-u)^(N-1), "
            "N = 2^n. 0: as Haar-random states. Values below the bias only rank circuits.",
            "Sim, Johnson, Aspuru-Guzik, Adv. Quantum Technol. 2, 1900070 (2019)",
        ),
        Measure(
            "entanglement",
            "Meyer-Wallach entanglement",
            "Q = 2 (1 - mean over qubits of Tr ρ_q²), ρ_q the reduced state of qubit q, averaged over random states of "
            "the circuit.",
            "Meyer, Wallach, J. Math. Phys. 43, 4273 (2002); Brennen, Quantum Inf. Comput. 3, 619 (2003)",
        ),
        Measure(
            "entropy",
            "Entanglement entropy per layer",
            "Von Neumann entropy -Tr ρ log2 ρ of the first half of the qubits, and of each qubit alone, after each "
            "layer of the circuit, averaged over random states.",
            "Page, Phys. Rev. Lett. 71, 1291 (1993), for the Haar mean",
        ),
        Measure(
            "gradients",
            "Variance of gradients",
            "Var[∂f/∂w] of each output f by each trained weight w, over random weights and inputs; its mean over all "
            "pairs whose derivative is not constant.",
            "McClean et al., Nat. Commun. 9, 4812 (2018)",
        ),
        Measure(
            "spectrum",
            "Reachable Fourier spectrum",
            "The vectors ω that can occur in f(x) = Σ c_ω exp(i ω·x): the sums of 0 or ± the frequencies of each gate "
            "whose angle an input turns, times the input's factor, over the light cone of each output.",
            "Schuld, Sweke, Meyer, Phys. Rev. A 103, 032430 (2021)",
            is_sampled=False,
        ),
        Measure(
            "coefficients",
            "Fourier coefficients",
            "c_ω of each output over one input, the others held at random values, by a discrete Fourier transform; "
            "mean of |c_ω|² over random weights.",
            "Schuld, Sweke, Meyer, Phys. Rev. A 103, 032430 (2021)",
        ),
        Measure(
            "algebra",
            "Dynamical Lie algebra",
            "Dimension of the smallest real Lie algebra that holds i times the generator of every trained weight, "
            "Clifford gates moved to the end. Known only for circuits of the form of the theory.",
            "Larocca et al., Quantum 6, 824 (2022); Ragone et al., Nat. Commun. 15, 7172 (2024)",
            is_sampled=False,
        ),
        Measure(
            "fisher",
            "Fisher information and effective dimension",
            "F(w) = E_x E_y [∂log p ∂log pᵀ] of the circuit's trained weights; effective dimension "
            "2 log(mean_w sqrt det(1 + κF̂(w)))/log κ, κ = n/(2π log n), F̂ = P F / mean Tr F.",
            "Abbas et al., Nat. Comput. Sci. 1, 403 (2021)",
        ),
        Measure(
            "landscape",
            "Landscape along two directions",
            "Outputs of the circuit, or the loss on a table, at weights w + s·d1 + t·d2, -1 ≤ s, t ≤ 1, with random "
            "directions scaled filter by filter to the norm of the weights.",
            "Li et al., Visualizing the Loss Landscape of Neural Nets, NeurIPS (2018)",
            is_sampled=False,
        ),
        Measure(
            "simulability",
            "Classical simulation",
            "Facts that bound the cost of simulating the circuit classically: light cones, rotations that are no "
            "Clifford gates, the Lie algebra of all rotations, sizes of states.",
            "Aaronson, Gottesman, Phys. Rev. A 70, 052328 (2004); Goh et al., arXiv 2308.01432",
            is_sampled=False,
        ),
    )
}
"""All measures, in the order in which they are made and shown."""
