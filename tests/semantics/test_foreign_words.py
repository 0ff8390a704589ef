"""Words of other libraries are answered by their meaning, and never by a name that only looks like them."""

from __future__ import annotations

import pytest
from short import spec_text

from hqnn_dsl import pipeline
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.source import Source


def help_of(text: str) -> str:
    """The help of the first error in a spec."""
    with pytest.raises(Refusal) as caught:
        pipeline.check(Source("spec.hqnn", text))
    return next(item for item in caught.value.diagnostics if item.is_error).help


def with_parts(parts: str) -> str:
    return help_of(spec_text("feature_map angle()", parts=parts))


@pytest.mark.parametrize(
    ("parts", "not_advised"),
    [
        ("decoder { dense }\ntrain { loss rmse }", "mse"),
        ("decoder { dense }\ntrain { loss mape }", "mae"),
        ("decoder { dense }\ntrain { loss msle }", "mse"),
        ("decoder { dense }\ntrain { optimizer adamax }", "adam"),
        ("decoder { dense }\ntrain { optimizer rprop }", "rmsprop"),
        ("decoder { dense }\ntrain { optimizer asgd }", "sgd"),
        ("decoder { dense }\ntrain { scheduler multistep }", "step"),
        ("decoder { prelu; dense }", "relu"),
        ("decoder { relu6; dense }", "relu"),
        ("decoder { celu; dense }", "selu"),
        ("decoder { hardtanh; dense }", "tanh"),
        ("decoder { logsigmoid; dense }", "sigmoid"),
        ("decoder { log_softmax; dense }", "softmax"),
        ("decoder { rms_norm; dense }", "layer_norm"),
    ],
)
def test_another_librarys_word_is_not_taken_for_a_misspelt_one(parts, not_advised):
    said = with_parts(parts)
    assert f"did you mean `{not_advised}`" not in said
    assert f"`{not_advised}`" in said, "everything that may stand there is listed"


@pytest.mark.parametrize(
    ("parts", "advised"),
    [
        ("decoder { dense }\ntrain { loss l1 }", "mae"),
        ("decoder { dense }\ntrain { optimizer adamw(learning_rate: 0.1) }", "lr"),
        ("decoder { dense }\ntrain { scheduler step(step_size: 3) }", "every"),
        ("decoder { dense }\ntrain { batch_size 8 }", "batch"),
        ("decoder { dense }\ntrain { device gpu }", "cuda"),
        ("decoder { dense }\nbackend aer(device: cuda)", "gpu"),
        ("decoder { dense }\ntrain { precision float64 }", "double"),
        ("decoder { dense }\ntranspile { basis [cnot, rz, sx] }", "cx"),
    ],
)
def test_a_word_with_an_equal_here_is_answered_by_it(parts, advised):
    assert with_parts(parts) == f"here it is called `{advised}`"


@pytest.mark.parametrize(
    ("layer", "written"),
    [
        ("linear(2)", "dense(2)"),
        ("Linear(4, 8)", "dense(8)"),
        ("swish", "silu"),
        ("LayerNorm", "layer_norm"),
        ("ReLU()", "relu"),
    ],
)
def test_a_layer_is_answered_with_its_arguments(layer, written):
    assert f"write `{written}`" in with_parts(f"decoder {{ {layer}; dense }}")


@pytest.mark.parametrize(
    ("line", "advised"),
    [
        ("feature_map AngleEmbedding()", "angle(axis: x)"),
        ("feature_map ZZFeatureMap()", "zz"),
        ("ansatz TwoLocal()", "two_local(entanglement: full)"),
        ("ansatz n_local()", "two_local(entanglement: full)"),
        ("ansatz real_amplitudes(num_layers: 2)", "reps"),
        ('ansatz two_local(entanglement_blocks: ["cx"])', "entangler"),
        ("ansatz real_amplitudes(entanglement: all_to_all)", "full"),
        ("ry(arcsin(0.1)) 0", "asin"),
    ],
)
def test_blocks_their_arguments_and_functions_too(line, advised):
    assert help_of(spec_text(f"feature_map angle()\n{line}")) == f"here it is called `{advised}`"


@pytest.mark.parametrize("name", ["sinh", "cosh", "atanh", "atan2", "log10", "expm1"])
def test_a_function_that_is_not_here_is_no_other_function(name):
    said = help_of(spec_text(f"feature_map angle()\nry({name}(0.1)) 0"))
    assert "did you mean" not in said


@pytest.mark.parametrize("word", ["sxdg", "u3", "iswapdg"])
def test_a_basis_is_not_given_another_gate(word):
    said = with_parts(f"decoder {{ dense }}\ntranspile {{ basis [{word}, cx] }}")
    assert "did you mean" not in said


def test_misspelt_words_are_still_found():
    assert with_parts("decoder { dense }\ntrain { optimizer adanw }") == "did you mean `adamw`?"
    assert with_parts("decoder { dennse }") == "did you mean `dense`?"


def test_a_users_own_name_is_found_by_its_letters():
    said = help_of(spec_text("feature_map angle()\nry(sinhh) 0", above="let sinh = 0.5"))
    assert said == "did you mean `sinh`?"
