"""What would change nothing is refused, and what changes something is not: every setting of training is changed."""

from __future__ import annotations

import pytest
import torch
from short import checked, codes, spec_text

from hqnn_dsl import compile_text
from hqnn_dsl.catalog.layers import LAYERS
from hqnn_dsl.catalog.objectives import OPTIMIZERS, SCHEDULERS
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.network.fourier import fourier
from hqnn_dsl.semantics.layers import Line
from hqnn_dsl.semantics.spec import Choice

QUANTUM = "feature_map angle(); ansatz real_amplitudes(reps: 1)"
CLASSICAL = "encoder { dense(2); tanh * pi }\ndecoder { dense }"


def spec(train: str = "", *, body: str = QUANTUM, parts: str = "data { target a, b }", above: str = "") -> str:
    return spec_text(body, qubits=2, parts=f"{parts}\ntrain {{ {train} }}", above=above)


# ------------------------------------------------------------------ training


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("parts", ["data { target a, b }", CLASSICAL], ids=["quantum", "hybrid"])
@pytest.mark.parametrize("body", [QUANTUM, f"{QUANTUM}; freeze weights"], ids=["trains", "frozen"])
def test_an_option_of_an_optimizer_moves_weights_or_is_refused(name, parts, body):
    """One step with and without the option, for each, on whichever weights the network has."""
    if "freeze" in body and "target a" in parts:
        return  # nothing trains, which another test holds
    for option in OPTIMIZERS[name].options:
        value = {"quantum_lr": 0.5, "weight_decay": 0.3, "lr": 0.2}.get(option.name)
        if value is None:
            continue
        with_rate = "" if option.name == "quantum_lr" else "quantum_lr: 0.1, " * ("freeze" not in body)
        plain, changed = (f"optimizer {name}({with_rate}{extra})" for extra in ("", f"{option.name}: {value}"))
        plain = plain.replace(", )", ")").replace("()", "")
        moved = stepped(compile_text(spec(plain, parts=parts, body=body)))
        found = codes(spec(changed, parts=parts, body=body))
        if "E0232" in found:
            continue
        other = stepped(compile_text(spec(changed, parts=parts, body=body)))
        assert any(not torch.equal(one, two) for one, two in zip(moved, other, strict=True)), changed


def stepped(program) -> list[torch.Tensor]:
    """The weights of a program's network after three steps on fixed rows."""
    torch.manual_seed(0)
    net = program.network(2, backend="reference")
    settings = program.spec.train.optimizer
    build = OPTIMIZERS[settings.name].build
    assert build is not None
    optimizer = build(net.classical_weights(), net.quantum_weights(), settings.options)
    features = torch.linspace(-1, 1, 12).reshape(6, 2)
    for _ in range(3):
        optimizer.zero_grad()
        (net(features) - 0.3).square().mean().backward()
        optimizer.step()
    return [weight.detach().clone() for weight in net.parameters()]


_WEIGHTLESS = "decoder { layer_norm(affine: false); softmax }\ndata { target a, b }"


@pytest.mark.parametrize(
    ("train", "parts", "body", "refused"),
    [
        ("optimizer adamw(weight_decay: 0.5)", "data { target a, b }", QUANTUM, True),
        ("optimizer adamw(weight_decay: 0)", "data { target a, b }", QUANTUM, False),
        ("optimizer sgd(weight_decay: 0.5)", _WEIGHTLESS, QUANTUM, True),
        ("optimizer sgd(weight_decay: 0.5)", "decoder { layer_norm }\ndata { target a, b }", QUANTUM, False),
        ("optimizer adam(lr: 0.5, quantum_lr: 0.1)", "data { target a, b }", QUANTUM, True),
        ("optimizer adam(0.5)", "data { target a, b }", QUANTUM, False),
        ("optimizer adam(quantum_lr: 0.1)", "decoder { dense }", "feature_map angle()", True),
    ],
)  # fmt: skip
def test_options_for_weights_that_are_not_there(train, parts, body, refused):
    assert ("E0232" in codes(spec(train, parts=parts, body=body))) == refused


_LINES = ["", "dense(2)", "tanh", "dense(2); tanh", "layer_norm", "layer_norm; dense(2)"]


@pytest.mark.parametrize("decoder", [*_LINES, "dense(3); dense(2)", "dense(2); layer_norm"])
@pytest.mark.parametrize("encoder", _LINES)
def test_mixed_precision_is_refused_where_it_computes_nothing_else(encoder, decoder):
    parts = f"encoder {{ {encoder} }}\ndecoder {{ {decoder} }}\ndata {{ target a, b }}"
    net = compile_text(spec("", parts=parts)).network(2, backend="reference")
    features = torch.linspace(-1, 1, 12).reshape(6, 2)
    plain = net(features)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = net(features)
    found = codes(spec("precision mixed", parts=parts))
    assert ("E0232" in found) == torch.equal(plain, mixed)


def test_which_lines_have_weights_is_what_their_modules_say():
    for name, entry in LAYERS.items():
        for affine in (True, False):
            options = entry.defaults() | ({"affine": affine} if entry.option("affine") else {})
            if name == "fourier":
                options |= {"phases": ["x[0]"], "inputs": 2}
            built = (entry.build or fourier)(2, 2, options)
            line = Line(None, Choice(name=name, options=options), entry, ())
            assert line.has_weights == any(weight.requires_grad for weight in built.parameters()), name


@pytest.mark.parametrize("name", [name for name, entry in SCHEDULERS.items() if entry.option("min_lr")])
def test_a_lowest_rate_is_below_every_rate(name):
    text = "optimizer adam(0.01, quantum_lr: {}); scheduler {}(min_lr: 0.02)"
    assert "E0208" in codes(spec(text.format(0.1, name), parts=CLASSICAL))
    assert "E0208" in codes(spec(text.replace("0.01", "0.1").format(0.01, name), parts=CLASSICAL))
    assert codes(spec(text.replace("0.01", "0.1").format(0.1, name), parts=CLASSICAL)) == []


# --------------------------------------------------------------------- data


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        ("split validation: 0, test: 0, seed: 3", True),
        ("split validation: 0.0, test: 0, seed: 3", True),
        ("split validation: 0, test: 0.2, seed: 3", False),
        ("split validation: 0, test: 0", False),
        ("target y; features * except y", True),
        ("target y; features * except z", False),
    ],
)
def test_data(line, refused):
    assert ("E0232" in codes(spec(parts=f"{CLASSICAL}\ndata {{ {line} }}"))) == refused


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        ("seed: 3", True), ("coupling full; seed: 3", True), ("optimization 3; seed: 3", True),
        ("coupling ring; seed: 3", False), ("target fake_manila; seed: 3", False), ("seed: none", False),
    ],
)  # fmt: skip
def test_a_seed_of_a_transpiler_that_draws_nothing(line, refused):
    assert ("E0232" in codes(spec(parts=f"{CLASSICAL}\ntranspile {{ {line} }}"))) == refused


# ------------------------------------------------------------------ weights


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("freeze weights; freeze weights", ["E0232"]),
        ("freeze real_amplitudes.w; freeze weights", []),
        ("freeze weights; freeze real_amplitudes.w", ["E0232"]),
        ("freeze real_amplitudes.w; freeze real_amplitudes", ["E0232"]),
        ("initial weights zeros; initial real_amplitudes normal; initial brickwork.w zeros", ["E0232"]),
        ("initial weights zeros; initial real_amplitudes normal", []),
        ("initial weights zeros; freeze weights", []),
    ],
)
def test_lines_about_weights(lines, found):
    body = f"{QUANTUM}; ansatz brickwork(reps: 2); {lines}"
    text = spec(parts="encoder { dense(2); tanh * pi }\ndecoder { dense }", body=body)
    assert [code for code in codes(text) if code[0] == "E"] == found


# -------------------------------------------------- names that nothing reads


@pytest.mark.parametrize(
    ("above", "body", "found"),
    [
        ("let spare = 3", QUANTUM, ["W0430"]),
        ("let a = 2; let b = a", "feature_map angle(); ry(b) 0", []),
        ("let a = 2; let b = a", QUANTUM, ["W0430", "W0430"]),
        ("let reps = 2", "feature_map angle(); ansatz real_amplitudes(reps: 1)", ["W0430"]),
        ("let n = 2", "feature_map angle(); ansatz real_amplitudes(reps: n)", []),
        ("let n = 2", "feature_map angle(); if false { ry(n) 0 }", []),
        ("let n = [1, 2]", "feature_map angle(); ry(n[0]) 0", []),
        ("feature_map f(a: int = 3) { input x; rx(x) 0 }", "feature_map f(a: 5)", ["W0430"]),
        ("let n = 3; feature_map f(a: int = n) { input x; rx(a * x) 0 }", "feature_map f()", []),
        ("feature_map f(a: int = 3, b: int = a) { input x; rx(b * x) 0 }", "feature_map f(a: 5)", []),
    ],
)
def test_a_name_that_stands_nowhere_else_is_warned_of(above, body, found):
    text = spec(
        parts=CLASSICAL.replace("dense(2)", "dense(1)") if "feature_map f" in above else CLASSICAL,
        above=above,
        body=body,
    )
    assert [code for code in codes(text) if code == "W0430"] == found


def test_a_constant_in_settings_and_layers_is_read():
    above = "let n = 2; let rate = 0.1; let stretch = 3.0"
    parts = "encoder { dense(n); tanh * stretch }\ndecoder { dense }"
    assert codes(spec("optimizer adam(rate)", parts=parts, above=above)) == []


@pytest.mark.parametrize(
    ("above", "body", "change"),
    [
        ("let spare = 3", QUANTUM, "spare"),
        ("let a = 2; let b = a", QUANTUM, "a"),
        ("let n = 2", "feature_map angle(); if false { ry(n) 0 }", "n"),
        ("feature_map f(a: int = 3) { input x[2]; rx(x[0]) 0; rx(x[1]) 1 }", "feature_map f()", "f.a"),
        ("", "feature_map angle(); ansatz real_amplitudes(reps: 1)", "data.split.seed"),
    ],
)
def test_an_option_that_nothing_reads_is_refused(above, body, change):
    parts = f"data {{ split validation: 0, test: 0 }}\n{CLASSICAL}"
    with pytest.raises(Refusal) as caught:
        checked(spec(parts=parts, above=above, body=body), {change: "5"})
    (found,) = [item for item in caught.value.diagnostics if item.is_error]
    assert found.code == "E0232"
    assert found.span.source.name.startswith("--set")
    assert caught.value.exit_code == 2


def test_an_option_that_something_reads_is_not():
    text = spec(parts=CLASSICAL, above="let a = 2; let b = a", body="feature_map angle(); ry(b) 0")
    assert checked(text, {"a": "5"}).circuit.slots[-1] != checked(text).circuit.slots[-1]
    twice = spec(parts=CLASSICAL, body="for s in [1.0, 2.0] { feature_map angle(scale: s) }")
    assert codes(twice, {"axis": "x"}) == []


def test_an_option_that_replaces_what_reads_a_constant_leaves_no_warning():
    text = spec("optimizer adam(rate)", parts=CLASSICAL, above="let rate = 0.1")
    assert codes(text, {"optimizer": "sgd"}) == []


def test_a_resolved_spec_is_accepted_as_it_is():
    for parts in (CLASSICAL, "data { target a, b }"):
        for name in OPTIMIZERS:
            text = compile_text(spec(f"optimizer {name}", parts=parts)).resolved
            assert codes(text) == []
