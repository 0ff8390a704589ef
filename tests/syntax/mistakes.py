"""Texts with one mistake each: the code and the line of its only report, then the text."""

BLOCK = """\
hqnn 1
ansatz good(reps: int = 1) {{
  h 0
{}
  x 0
}}
ansatz after {{ cz 0, 1 }}
"""

MODEL = """\
hqnn 1
model m {{
  data {{ target y }}
{}
  decoder {{ dense(1) }}
}}
let after = 1
"""

IN_BLOCK = [
    ("E0112", 4, "  ry(0.5 0"),
    ("E0112", 4, "  weight w[2"),
    ("E0112", 4, "  let x = [1, 2"),
    ("E0113", 4, "  ry(0.5)) 0"),
    ("E0114", 4, "  ry(w[0)) 0"),
    ("E0114", 4, "  ry(w]) 0"),
    ("E0143", 4, "  h"),
    ("E0143", 4, "  ry(0.5)"),
    ("E0143", 4, "  brickwork(reps: 2)"),
    ("E0141", 4, "  h 0 h 1"),
    ("E0141", 4, "  h 0 ry(0.1) 1"),
    ("E0140", 4, "  cx 0 1"),
    ("E0140", 4, "  measure z[0] z[1]"),
    ("E0140", 4, "  f(a b) 0"),
    ("E0140", 4, "  let a 3"),
    ("E0140", 4, "  a = 3"),
    ("E0140", 4, "  for q 0..4 { h q }"),
    ("E0140", 4, "  for q in 0..4 h q }"),
    ("E0140", 4, "  for q in 0..4\n    h q\n  }"),
    ("E0140", 4, "  feature_map angle x[4..8]"),
    ("E0132", 4, "  let a: 3"),
    ("E0132", 4, "  weight w[2]: normal(0.1)"),
    ("E0130", 4, "  let auto = 3"),
    ("E0130", 4, "  for pi in 0..2 { h 0 }"),
    ("E0131", 4, "  ansatz brickwork(reps=3)"),
    ("E0133", 4, "  if reps = 1 { h 0 }"),
    ("E0134", 4, "  if 0 < reps < 3 { h 0 }"),
    ("E0135", 4, "  ry (0.5) 0"),
    ("E0135", 4, "  let a = x [0]"),
    ("E0136", 4, "  ansatz brickwork(a.b)"),
    ("E0101", 4, "  h @"),
    ("E0101", 4, "  let a = 1 $ 2 $ 3"),
    ("E0104", 4, "  rx(.5) 0"),
    ("E0104", 4, "  rx(5.) 0"),
    ("E0104", 4, "  rx(2pi) 0"),
    ("E0108", 4, "  rx(1e999) 0"),
    ("E0108", 4, "  let a = 9223372036854775808"),
    ("E0105", 4, "  pauli_rot('XYZ') 0, 1, 2"),
    ("E0105", 4, "  pauli_rot(“XYZ”) 0, 1, 2"),
    ("E0102", 4, '  pauli_rot("XYZ) 0, 1, 2'),
    ("E0103", 4, '  allow W0412 "a\\q"'),
    ("E0106", 4, "  if a && b { h 0 }"),
    ("E0106", 4, "  if !a { h 0 }"),
    ("E0106", 4, "  rx(2 ^ 3) 0"),
    ("E0107", 4, "  rx(größe) 0"),
    ("E0145", 4, '  use "blocks.hqnn"'),
    ("E0145", 4, "  circuit on 4 qubits { h 0 }"),
    ("E0145", 4, "  else { h 0 }"),
    ("E0145", 4, "  encoder { dense(4) }"),
    ("E0142", 4, "  let x ="),
    ("E0142", 4, "  let x = 1 +\n    2"),
    ("E0142", 4, "  initial weights"),
    ("E0142", 4, "  measure"),
    ("E0142", 4, "  freeze"),
    ("E0147", 4, "  // a comment of another language"),
    ("E0147", 4, "  h 0 // two words"),
    ("E0100", 4, "  repeat { h 0 }"),
    ("E0100", 4, "  repeat 3 times { h 0 }"),
    ("E0100", 4, "  while x { h 0 }"),
    ("E0100", 4, "  h 0,, 1"),
    ("E0100", 4, "  allow W0412 reason"),
    ("E0100", 5, "  let a = 1\n    + 2"),
    ("E0111", 4, "  for q in 0..4 { h q } }"),
    ("E0110", 4, "  for q in 0..4 {\n    h q"),
]

IN_MODEL = [
    ("E0146", 4, "  epochs 100"),
    ("E0146", 4, "  encodr { dense(4) }"),
    ("E0146", 4, "  data { ry(0.5) 0 }"),
    ("E0145", 4, "  train { for q in 0..3 { h q } }"),
    ("E0145", 4, "  model n { }"),
    ("E0144", 4, "  train { epochs }"),
    ("E0144", 4, "  train { epochs: }"),
    ("E0131", 4, "  train { epochs = 100 }"),
    ("E0141", 4, "  train { epochs 100 batch 32 }"),
    ("E0141", 4, "  encoder { dense(4) tanh }"),
    ("E0140", 4, "  circuit on 4 { h 0 }"),
    ("E0140", 4, "  circuit 4 qubits { h 0 }"),
    ("E0140", 4, "  circuit on 4 qubits h 0 }"),
    ("E0140", 4, "  encoder dense(4) }"),
    ("E0140", 4, "  train { stop early(patience 20) }"),
    ("E0140", 4, "  sweep { width [2, 3] }"),
    ("E0140", 5, "  train { batch 32,\n   epochs 100 }"),
    ("E0135", 4, "  encoder { dense (4) }"),
    ("E0130", 4, "  train { loss not, b }"),
    ("E0136", 4, "  train { loss a.b }"),
    ("E0107", 4, "  train { loss Größe }"),
    ("E0112", 4, "  train { optimizer adamw(lr: 0.1 }"),
    ("E0112", 5, "  encoder {\n    dense(16\n    silu\n    dense(4)\n  }"),
    ("E0102", 4, '  train { loss "a\n   epochs 3 }'),
    ("E0100", 4, "  circuit c from ansatz.qasm"),
    ("E0100", 4, "  encoder { dense(4), silu }"),
    ("E0100", 4, "  encoder { dense 4 }"),
    ("E0100", 4, "  train { split: test: 0.2 }"),
    ("E0100", 4, "  train: { epochs 3 }"),
    ("E0142", 4, "  backend"),
    ("E0110", 4, "  train {\n    epochs 3"),
    ("E0110", 4, "  train {\n    epochs 3\n  circuit on 4 qubits { h 0 }"),
    ("E0111", 4, "  train { epochs 3 } }"),
]

WHOLE = [
    ("E0155", 2, "model: m\ndata:\n  target: y\ncircuit:\n  qubits: 2\n"),
    ("E0155", 1, "import pennylane as qml\n"),
    ("E0156", 2, "hqnn 1\nmodel m { data { target wave height } }"),
    ("E0157", 2, "hqnn 1\nansatz a { measure_all }"),
    ("E0158", 2, "hqnn 1\nansatz a { cx(0, 1) }"),
    ("E0159", 2, "hqnn 1\nmodel m { data { split test: 20% } }"),
    ("E0120", 1, ""),
    ("E0120", 1, "model m {}"),
    ("E0120", 2, "# only a comment\nlet a = 1"),
    ("E0121", 1, "hqnn 2\nmodel m {}"),
    ("E0121", 1, "hqnn 1.0"),
    ("E0142", 1, "hqnn\nmodel m {}"),
    ("E0122", 2, "hqnn 1\nhqnn 1"),
    ("E0122", 2, "let a = 1\nhqnn 1\nlet b = 2"),
    ("E0145", 2, "hqnn 1\ncircuit on 4 qubits { h 0 }"),
    ("E0146", 2, "hqnn 1\nqubits 4"),
    ("E0100", 2, "hqnn 1\nmodel { data { target y } }"),
    ("E0140", 2, "hqnn 1\nmodel m\n  data { target y }\n}"),
    ("E0140", 2, "hqnn 1\nansatz f(reps int) { h 0 }"),
    ("E0100", 2, "hqnn 1\nansatz (a: int) { h 0 }"),
    ("E0150", 2, "hqnn 1\nlet a = " + "(" * 100_000),
    ("E0150", 2, "hqnn 1\n" + "model m {" * 100_000),
    ("E0151", 2, "hqnn 1\nlet a = 1" + " + 1" * 50_000),
    ("E0151", 2, "hqnn 1\nlet a = " + "-" * 50_000 + "1"),
    ("E0151", 2, "hqnn 1\nlet a = " + "2 ** " * 50_000 + "1"),
    ("E0151", 2, "hqnn 1\nansatz a { if x { h 0 }" + " else if x { h 0 }" * 5_000 + "}"),
    ("E0152", 1, "# " + "x" * (1 << 20)),
    ("E0154", 2, "hqnn 1\nlet " + "a" * 256 + " = 1"),
    ("E0154", 2, "hqnn 1\nlet a = " + "b" * 100_000),
    ("E0154", 2, "hqnn 1\nlet " + "é" * 256 + " = 1"),
]

MISTAKES = [
    *((code, line, BLOCK.format(text)) for code, line, text in IN_BLOCK),
    *((code, line, MODEL.format(text)) for code, line, text in IN_MODEL),
    *WHOLE,
]
