"""Every form of the language's reference is read without a mistake."""

from __future__ import annotations

import pytest
from syntax.examples import ACCEPTED

from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.syntax import nodes
from hqnn_dsl.syntax.parser import parse


@pytest.mark.parametrize("name", ACCEPTED)
def test_is_read(name):
    file, reports = parse(Source(name, ACCEPTED[name]))
    assert [(report.code, report.headline) for report in reports] == []
    assert file.version.value == 1
    assert len(file.statements) >= 1


def test_model_parts():
    file, _ = parse(Source("whole", ACCEPTED["whole"]))
    _, model = file.statements
    assert [type(part) for part in model.parts] == [
        nodes.Settings, nodes.Layers, nodes.Circuit, nodes.Layers, nodes.Settings, nodes.Setting,
    ]  # fmt: skip
    assert model.head.text == "model yacht"
    assert [setting.name.name for setting in model.parts[0].settings] == ["target", "features", "split", "scale"]
