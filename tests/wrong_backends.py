"""Backends that are wrong on purpose, and a small spec to catch them on."""

from __future__ import annotations

from dataclasses import replace

from hqnn_dsl.backends import offered
from hqnn_dsl.catalog.entry import Entry

SPEC = """hqnn 1
model small {
  data { target y }
  encoder { dense(2); tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1); measure z[0], 2 * x[1] }
  decoder { dense }
  train { seed 7; batch 4; device cpu }
  transpile { basis [rz, sx, x, cx]; coupling linear; optimization 1; seed 3 }
}
"""
REFERENCE = offered()["reference"]


class Changed:
    """The reference's executable with something done to its outputs."""

    def __init__(self, executable, change):
        self.executable, self.change = executable, change
        self.circuit, self.real = executable.circuit, executable.real

    @property
    def metadata(self):
        return self.executable.metadata

    def __call__(self, per_sample, shared, state):
        return self.change(self.executable(per_sample, shared, state))


def changed(name, change, **changes):
    """A row of the table of backends whose outputs are `change` of the reference's."""

    def build(circuit, options, seed):
        return Changed(REFERENCE.load(circuit, options, seed), change)

    entry = Entry(name=name, doc=name, options=REFERENCE.entry.options)
    return replace(REFERENCE, **{"entry": entry, "build": build} | changes)


def wrong_values(outputs):
    return outputs * 1.001


def wrong_gradients(outputs):
    """Right values, gradients of half the size."""
    return outputs.detach() + (outputs - outputs.detach()) / 2


def not_a_number(outputs):
    return outputs * float("nan")


def quick_rows_only():
    """For a fixture that wants `monkeypatch`: the table of backends without slow rows, put back as it was, in order."""
    table, before = offered(), dict(offered())
    for name in [name for name, row in table.items() if not row.is_quick]:
        del table[name]
    yield
    table.clear()
    table.update(before)
