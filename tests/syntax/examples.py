"""Texts that are right, by name; the other tests of this folder print them, cut them and break them."""

WHOLE = """\
hqnn 1                                    # language version, first statement

let width = 4                             # constants; `--set width=6` overrides one

model yacht {
  data {
    target   residuary_resistance         # one or several columns
    features *                            # or a list of columns; default: all but the target
    split    validation: 0.15, test: 0.15, seed: 7
    scale    features: standard, target: standard
  }

  encoder {                               # classical, one layer a line
    dense(16)
    silu
    dense(width)
    tanh * pi                             # bounded angles
  }

  circuit on width qubits {
    feature_map angle(axis: y)
    ansatz      real_amplitudes(reps: 3, entanglement: linear)
    measure     z                         # <Z> of every qubit
  }

  decoder {
    dense(1)                              # the width may be left out: dense(auto)
  }

  train {
    epochs     100
    batch      32
    loss       mse
    optimizer  adamw(lr: 0.01, weight_decay: 1e-4, quantum_lr: 0.02)
    scheduler  reduce_on_plateau(factor: 0.5, patience: 5)
    stop       early(patience: 20)
    device     auto                       # the classical half: auto, cpu, cuda
    precision  mixed                      # AMP; also: single, double
    seed       7
  }

  backend auto                            # or aer(device: gpu), native
}
"""

BLOCKS = """\
hqnn 1
## T_k(x) for a growing degree.
## Two lines.
feature_map chebyshev(
  ## how many
  degree: int = 1
) {
  input x[qubits]                                    # what this map reads, checked against the encoder
  for q in 0..qubits { ry(2 * degree * acos(x[q])) q }
}

ansatz brickwork(reps: int = 2) {
  weight w[reps, qubits, 2]                          # named trainable tensors, with a shape
  for l in 0..reps {
    for q in 0..qubits { ry(w[l, q, 0]) q
                         rz(w[l, q, 1]) q }
    for q in l % 2 .. qubits - 1 step 2 { cz q, q + 1 }
  }
}
"""

SEVERAL = """\
hqnn 1
model several {
  parallel {                              # all read the same values; their outputs are joined in order
    circuit wide on 4 qubits { feature_map angle(); ansatz brickwork(); initial weights small(0.1) }
    branch { layers { dense(2) }          # parts in a row; `layers` are classical ones, anywhere
             circuit deep on 2 qubits { feature_map zz(); ansatz brickwork(reps: 9); allow W0412 "deep" } }
  }
  residual { layers { dense(6) } }        # its input is added to its output
  sweep  { width in [2, 4, 6]; optimizer.lr in log(1e-4, 1e-1); deep.brickwork.reps in 1..5 }
  budget { circuits: 20000, shots: 4000000, seconds: 600 }
}
"""

BODIES = """\
hqnn 1
use "blocks.hqnn"
let n = 4; let flag = not true or n >= 3 and n != 5
let table = [1, 2.5, -3,]
ansatz every(entanglement: linear | circular | full = linear, reps: int, s: float = 0.5,) {
  weight w[reps, qubits] = normal(0.1), b, c = zeros
  input x[qubits], y
  let k = max(1, reps)
  if entanglement == linear { cx 0, 1 } else if reps > 2 and not flag { h 0 } else { swap 0, 1 }
  if(reps == 2) { h 0 }
  else
  { h 1 }
  repeat 3 { feature_map angle() ansatz brickwork(reps: 1) }
  repeat(2) { ansatz brickwork }
  for q in qubits - 1..-1 step -1 { x q }
  for q in [0, 2, 1] { pauli_rot("XYZ", w[0, q] ** 2) q, q + 1, q + 2 }
  cx (q + 1) % qubits, q
  u(0.1, -x[0] ** 2,
    pi / 2) 0
  feature_map angle() on x[4..8]
  ansatz brickwork() on 4..8
  feature_map angle() on x[4..8], 0..8 step 2, 1
  measure z[0], z[1]*z[2], 0.5*x[0] - 0.5*y[1]
  measure probabilities(0, 1); measure parity
  initial weights small(0.1)
  initial repeat.0.brickwork.w from "runs/a"
  freeze brickwork_2.w
  freeze weights
  without entanglers
  shuffle inputs
  allow W0412 "known"
}
"""

MODELS = """\
hqnn 1
## What it is.
model forms
{
  data {
    target a, "b c"
    features * except name, "date"
    task classification
    split test: 40, seed: 7; scale features: none
    allow W0401 "known"
  }
  let depth = 3
  encoder { dense(4); sigmoid * 2 - 1 }
  circuit from "ansatz.qasm" { input theta[0], "φ" }
  circuit named from "ansatz.qpy"
  circuit third on auto qubits {
    h 0 }
  transpile {
    basis [rz, sx, x, cx]; coupling linear
    optimization  3
    seed: 11, target: fake_torino
  }
  backend: aer(device: gpu, custatevec: true)
  allow W0412 "deep"
  train { epochs: 100 }
  sweep { backend in [aer, native]
          optimizer.lr in log(1e-4, 1e-1) width in 1..5 step 2 }
}
"""

COLUMNS = """\
hqnn 1
model words {
  data { features in, model, step, data, for, "not", "Größe (µm)"; target from }
  train { use: 1, let: 2 }
}
"""

TABLES = """\
hqnn 1
model m {
  data {
    read delimiter: ";", missing: ["?", -999]
    columns { price: log; island: embedding(3), zip: category
      date: [days, month]
      "Größe (µm)": [median(indicator: true), log]; 2020: number; true: none,
      allow: log
      columns: none
    }
    columns {}
    weights columns
  }
  train { class_weights Adelie: 1, "Gentoo 2": 2.5, 0: 3, false: 0.5 }
}
"""

ACCEPTED = {
    "tables": TABLES,
    "whole": WHOLE, "blocks": BLOCKS, "several": SEVERAL, "bodies": BODIES, "models": MODELS, "columns": COLUMNS,
    "crlf": WHOLE.replace("\n", "\r\n"), "tabs": BLOCKS.replace("  ", "\t"), "bom": "\ufeff" + SEVERAL,
}  # fmt: skip
