"""What is legal and probably not meant. `allow CODE "reason"` silences a warning in the braces around it."""

from __future__ import annotations

from hqnn_dsl.report.diagnostic import Diagnostic
from hqnn_dsl.report.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class UnusedWeight(Diagnostic):
    """A weight stands in no angle, so training cannot change anything through it.

    weight w[qubits]; ry(0.1) 0        # w is never used
    """

    code = "W0401"
    severity = "warning"
    message = "{what} in no angle, so training cannot change anything through it"
    label = "declared here"
    what: str


@lazy_dataclass(frozen=True, kw_only=True)
class UnusedInput(Diagnostic):
    """A component of the input is declared and never read: what the encoder computes for it is thrown away.

    feature_map first() { input x[qubits]; ry(x[0]) 0 }     # x[1] and on are unused
    """

    code = "W0402"
    severity = "warning"
    message = "{what} never read"
    label = "declares {width}"
    what: str
    width: str


@lazy_dataclass(frozen=True, kw_only=True)
class UnboundedEncoder(Diagnostic):
    """The encoder ends with a layer whose output has no bounds, in front of angles that repeat after a turn.

    Two rows whose encodings differ by 2π look the same to the circuit. Bound them: `tanh * pi`.

        encoder { dense(4) }                # unbounded
        encoder { dense(4); tanh * pi }     # bounded
    """

    code = "W0403"
    severity = "warning"
    message = "the encoder ends unbounded in front of angles, which repeat after a turn"
    label = "has no bounds"
    advice = "end with a bounded layer such as `tanh * pi`"


@lazy_dataclass(frozen=True, kw_only=True)
class UselessAllow(Diagnostic):
    """An `allow` silences nothing: the warning it names does not arise in the braces around it.

    model m { allow W0403 "angles are small"; encoder { dense(4); tanh * pi }; … }     # nothing to silence
    """

    code = "W0404"
    severity = "warning"
    message = "`allow {allowed}` silences nothing"
    label = "nothing to silence"
    advice = "remove it"
    allowed: str


@lazy_dataclass(frozen=True, kw_only=True)
class LibraryReplaced(Diagnostic):
    """A block of this file has the name of a library block and is used in its place."""

    code = "W0405"
    severity = "note"
    message = "`{name}` here is this file's block, not the library's"
    label = "defined here"
    name: str


@lazy_dataclass(frozen=True, kw_only=True)
class EntanglersDropped(Diagnostic):
    """`without entanglers` removes every gate on two or more qubits, with its angles: an ablation."""

    code = "W0406"
    severity = "note"
    message = "`without entanglers` drops {count} of the circuit's {total} gates"
    label = "asked for here"
    count: int
    total: int
