"""Gates of other libraries: how each is written here, as exactly as it can be said.

The gate table has the other names of the gates that are here; the rows of this module are gates that are not. A name
that another library has is never answered by a name that only looks like it. Spellings are compared without case and
underscores. Every row with lines is held by a test against the gate's matrix in the library that it is from; lines are
equal to the gate up to a global phase, which no output depends on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hqnn_dsl.circuit.gates import GATES
from hqnn_dsl.diagnostics.sentences import did_you_mean

_LONGEST_TEXT = 60
"""An angle or target with more letters is named and not repeated in a message."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A gate by its `names` elsewhere. `lines` are what does the same here, over the names of its angles and targets.

    `{theta}` stands for an angle as written, `{theta:p}` for one inside a larger expression, `{all}` for all targets
    and `{zs}` for as many letters Z. Without lines there is no such gate here, and `reason` says what to do.
    """

    names: tuple[str, ...]
    angles: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    reason: str = ""


class _Text(str):
    """Text of an expression that is put into another one."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        is_whole = re.fullmatch(r"[\w.]+(\[[^\[\]]*\])?", self)
        return str(self) if is_whole or spec != "p" else f"({self})"


def _row(names: str, angles: str, targets: str, *lines: str) -> Foreign:
    return Foreign(tuple(names.split()), tuple(angles.split()), tuple(targets.split()), lines)


def _none(names: str, reason: str) -> Foreign:
    return Foreign(tuple(names.split()), reason=reason)


_AT_MOST_TWO = "there is none: a gate has at most two controls here"
_NO_MATRIX = "there is none: gates are the ones that `hqnn explain gates` lists, not matrices"
_NO_MIDDLE = "there is none: measurement in mid-circuit, and reset, are not in the language"
_STATE = "there is none; `feature_map amplitude()`, as the first statement, begins in a state that the input gives"

_ROWS = (
    _row("sxdg vi sqrtxdg", "", "a", "rx(-pi / 2) {a}"),
    _row("u2", "phi lam", "a", "u(pi / 2, {phi}, {lam}) {a}"),
    _row("rot", "phi theta omega", "a", "u({theta}, {omega}, {phi}) {a}"),
    _row("r prx", "theta phi", "a", "u({theta}, {phi:p} - pi / 2, pi / 2 - {phi:p}) {a}"),
    _row("cs", "", "a b", "cp(pi / 2) {a}, {b}"),
    _row("csdg", "", "a b", "cp(-pi / 2) {a}, {b}"),
    _row("csx cv", "", "a b", "h {b}", "cp(pi / 2) {a}, {b}", "h {b}"),
    _row("cu3", "theta phi lam", "a b", "crz({lam}) {a}, {b}", "cry({theta}) {a}, {b}", "crz({phi}) {a}, {b}",
         "p(({phi:p} + {lam:p}) / 2) {a}"),
    _row("cu", "theta phi lam gamma", "a b", "crz({lam}) {a}, {b}", "cry({theta}) {a}, {b}", "crz({phi}) {a}, {b}",
         "p({gamma:p} + ({phi:p} + {lam:p}) / 2) {a}"),
    _row("crot", "phi theta omega", "a b", "crz({phi}) {a}, {b}", "cry({theta}) {a}, {b}", "crz({omega}) {a}, {b}"),
    _row("dcx", "", "a b", "cx {a}, {b}", "cx {b}, {a}"),
    _row("ecr", "", "a b", "rzx(pi / 4) {a}, {b}", "x {a}", "rzx(-pi / 4) {a}, {b}"),
    _row("iswapdg", "", "a b", "rxx(pi / 2) {a}, {b}", "ryy(pi / 2) {a}, {b}"),
    _row("siswap sqisw sqiswap", "", "a b", "rxx(-pi / 4) {a}, {b}", "ryy(-pi / 4) {a}, {b}"),
    _row("pswap", "phi", "a b", "swap {a}, {b}", "rzz({phi}) {a}, {b}"),
    _row("isingxy", "phi", "a b", "rxx(-{phi:p} / 2) {a}, {b}", "ryy(-{phi:p} / 2) {a}, {b}"),
    _row("xxplusyy", "theta beta", "a b", "rz({beta}) {a}", "rxx({theta:p} / 2) {a}, {b}",
         "ryy({theta:p} / 2) {a}, {b}",
         "rz(-{beta:p}) {a}"),
    _row("xxminusyy", "theta beta", "a b", "rz(-{beta:p}) {b}", "rxx({theta:p} / 2) {a}, {b}",
         "ryy(-{theta:p} / 2) {a}, {b}", "rz({beta}) {b}"),
    _row("singleexcitation", "phi", "a b",
         'pauli_rot("XY", -{phi:p} / 2) {a}, {b}', 'pauli_rot("YX", {phi:p} / 2) {a}, {b}'),
    _row("ccz", "", "a b c", "h {c}", "ccx {a}, {b}, {c}", "h {c}"),
    _row("cswap fredkin", "", "a b c", "cx {c}, {b}", "ccx {a}, {b}, {c}", "cx {c}, {b}"),
    _row("rccx", "", "a b c", "h {c}", "t {c}", "cx {b}, {c}", "tdg {c}", "cx {a}, {c}", "t {c}", "cx {b}, {c}",
         "tdg {c}",
         "h {c}"),
    _row("multirz", "theta", "*", 'pauli_rot("{zs}", {theta}) {all}'),
    _row("paulirot", "theta letters", "*", "pauli_rot({letters}, {theta}) {all}"),
    _none("id i identity iden u0", "leave it out: the identity changes no value"),
    _none("gphase globalphase", "leave it out: a global phase changes no value"),
    _none("barrier wirecut snapshot", "leave it out: it changes no value"),
    _none("measure reset mid mcm ifelse iftest cond", _NO_MIDDLE),
    _none("delay stretch box", "there is none: timing is not in the language"),
    _none("initialize stateprep statepreparation basisstate qubitstatevector", _STATE),
    _none("mcx mct mcp mcphase mcrx mcry mcrz c3x c4x c3sx c3sqrtx rcccx rc3x mcu1 multicontrolledx", _AT_MOST_TWO),
    _none("unitary qubitunitary controlledqubitunitary diagonal diagonalqubitunitary paulievolution", _NO_MATRIX),
    _none("ms molmersorensen", "libraries differ: Qiskit's `ms(theta)` is `rxx(theta)` here, Cirq's `rxx(2 * theta)`"),
    _none("xx yy zz", "rotations are `rxx`, `ryy` and `rzz`; a product of Paulis is one gate a qubit"),
    _none("rv", "there is none: write it as `rz`, `ry` and `rz`, or as `u`"),
    _none(
        "fsim givens phasedx phasedxz phasediswap gpi gpi2 gms xpow ypow zpow hpow cpf sycamore syc cphaseshift00 "
        "cphaseshift01 cphaseshift10 xy riswap zpowgate ccphase cch ccy cphaseswap peres cycle qft qftgate qftadjoint "
        "doubleexcitation orbitalrotation fermionicswap singleexcitationplus singleexcitationminus intcomparator",
        "there is none here; write it with the gates that `hqnn explain gates` lists",
    ),
)  # fmt: skip


def _normal(name: str) -> str:
    return name.replace("_", "").casefold()


def renamed() -> dict[str, str]:
    """Returns the gate of each name that a gate has here, in Qiskit, in PennyLane or in a further library."""
    names = {name: (row.qiskit, row.pennylane, *row.aliases) for name, row in GATES.items()}
    others = {_normal(other): name for name, given in names.items() for other in given if other.isidentifier()}
    return others | {_normal(name): name for name in GATES}


FOREIGN: dict[str, Foreign] = {name: row for row in _ROWS for name in row.names}
"""Other libraries' gates that are not gates here, by their spellings without case and underscores."""


def equal_gate(name: str) -> str:
    """Returns the gate that another library calls `name`, empty if it is no single gate here."""
    return renamed().get(_normal(name), "")


def is_known(name: str) -> bool:
    """Whether some library has a gate of that name."""
    return _normal(name) in renamed() or _normal(name) in FOREIGN


def advice(name: str, angles: tuple[str, ...], targets: tuple[str, ...]) -> str:
    """Returns the advice for a gate that is not in the table, of which `angles` and `targets` are the texts.

    A name that only looks like a gate's is suggested if it is the only one that as many angles and targets fit, and
    no library has a gate of that name. Empty if there is no advice.
    """
    gate = equal_gate(name)
    if gate:
        return _renaming(gate, angles, targets)
    row = FOREIGN.get(_normal(name))
    if row is not None:
        return _instead(name, row, angles, targets)
    fitting = [row.name for row in GATES.values() if (row.num_angles, row.num_qubits) == (len(angles), len(targets))]
    known = [*fitting, "pauli_rot"] if len(angles) == 2 else fitting
    near = [gate for gate in known if _is_one_edit(name.casefold(), gate)]
    if len(near) == 1:
        return did_you_mean(near[0])
    return f"gates with so many angles and targets: {', '.join(f'`{gate}`' for gate in fitting)}" if fitting else ""


def _is_one_edit(word: str, gate: str) -> bool:
    """Whether one letter too many, too few or wrong, or two neighbours exchanged, makes one word of the other."""
    if len(word) == len(gate):
        wrong = [place for place, (mine, right) in enumerate(zip(word, gate, strict=True)) if mine != right]
        first, last = (wrong[0], wrong[-1]) if wrong else (0, 0)
        return len(wrong) == 1 or (
            len(wrong) == 2 and last == first + 1 and word[first] == gate[last] and word[last] == gate[first]
        )
    short, long = sorted((word, gate), key=len)
    return len(long) == len(short) + 1 and any(long[:place] + long[place + 1 :] == short for place in range(len(long)))


def no_gate(name: str) -> str:
    """Returns the advice for a name in a place that takes the names of gates only, without angles and targets."""
    gate = equal_gate(name)
    if gate:
        return f"here it is called `{gate}`"
    if is_known(name):
        return "it is not one gate here"
    near = [known for known in GATES if _is_one_edit(name.casefold(), known)]
    return did_you_mean(near[0]) if len(near) == 1 else ""


def _renaming(gate: str, angles: tuple[str, ...], targets: tuple[str, ...]) -> str:
    row = GATES[gate]
    if (len(angles), len(targets)) != (row.num_angles, row.num_qubits) or not _are_short(*angles, *targets):
        return f"here it is called `{gate}`"
    return f"here it is called `{gate}`: write `{_applied(gate, angles, targets)}`"


def _applied(gate: str, angles: tuple[str, ...], targets: tuple[str, ...]) -> str:
    bracket = f"({', '.join(angles)})" if angles else ""
    return f"{gate}{bracket} {', '.join(targets)}"


def _instead(name: str, row: Foreign, angles: tuple[str, ...], targets: tuple[str, ...]) -> str:
    if not row.lines:
        return row.reason
    is_any = row.targets == ("*",)
    fits = len(angles) == len(row.angles) and (bool(targets) if is_any else len(targets) == len(row.targets))
    if fits and _are_short(*angles, *targets):
        return f"write `{_filled(row, angles, targets)}`, which is the same up to a global phase"
    names = ("a", "b", "c") if is_any else row.targets
    shown = _applied(name, row.angles, names)
    return f"`{shown}` is `{_filled(row, row.angles, names)}` here, up to a global phase"


def _filled(row: Foreign, angles: tuple[str, ...], targets: tuple[str, ...]) -> str:
    """Returns the lines with angles and targets put in. Letters come first or last, as they were written."""
    if "letters" in row.angles and angles[0].startswith('"'):
        angles = angles[::-1]
    facts = {key: _Text(text) for key, text in (*zip(row.angles, angles, strict=True), *zip(row.targets, targets))}  # noqa: B905 - `*` stands for several
    return "; ".join(row.lines).format_map({**facts, "all": ", ".join(targets), "zs": "Z" * len(targets)})


def _are_short(*texts: str) -> bool:
    return all(len(text) <= _LONGEST_TEXT and "\n" not in text and "#" not in text for text in texts)
