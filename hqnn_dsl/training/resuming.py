"""Which settings a run may be gone on with, and what to say of the others: each with its value then and now.

`epochs` and `stop` say when a training ends, `budget` what it may cost, so they may change; the run then ends as if it
had been started with the new ones. `step` says what runs the steps, and either goes on where the other has ended. All
else would make it another run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.codes.resuming import EpochsPlanned, EpochsTrained, ResumeDiffers
from hqnn_dsl.diagnostics.codes.runs import CannotResume
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.syntax import nodes
from hqnn_dsl.syntax.parser import parse
from hqnn_dsl.syntax.printer import text_of

if TYPE_CHECKING:
    from pathlib import Path

    from hqnn_dsl.diagnostics.diagnostic import Diagnostic
    from hqnn_dsl.syntax.printer import Printable
    from hqnn_dsl.training.checkpoint import Snapshot
    from hqnn_dsl.training.loop import Training

MAY_CHANGE = ("train.epochs", "train.stop", "train.step")
_ABSENT = "not there"


def settings_of(text: str) -> dict[str, str]:
    """Every part of a resolved spec by its name, `train.epochs` or `encoder`, as text; what is no spec is one part."""
    tree, mistakes = parse(Source("spec", text))
    if mistakes:
        return {"spec": text}
    found: dict[str, str] = {}
    for statement in tree.statements:
        match statement:
            case nodes.Let(_, name):
                found[f"let {name.name}"] = _line(statement)
            case nodes.Model(_, _, name, parts):
                found["model"] = name.name
                for part in parts:
                    found |= _part(part)
            case _:
                found["blocks"] = "; ".join(filter(None, [found.get("blocks"), _line(statement)]))
    return found


def lasting_settings(text: str) -> dict[str, str]:
    """Every part of a resolved spec that may not change while a run goes on, as `settings_of` gives them."""
    found = settings_of(text)
    return {name: value for name, value in found.items() if name not in MAY_CHANGE and name != "budget"}


def _part(part: nodes.Part) -> dict[str, str]:
    match part:
        case nodes.Settings(_, keyword, settings) if keyword.name != "budget":
            return {f"{keyword.name}.{item.name.name}": _value(item) for item in settings}
        case nodes.Setting(_, name):
            return {name.name: _value(part)}
        case nodes.Layers(_, keyword, lines):
            return {keyword.name: "; ".join(map(_line, lines))}
    return {_line(part).split()[0]: _line(part)}


def _value(setting: nodes.Setting) -> str:
    return _line(setting).removeprefix(setting.name.name).strip()


def _line(node: Printable) -> str:
    """The text of a node on one line, without documentation."""
    lines = (line.strip() for line in text_of(node).splitlines())
    return "; ".join(line for line in lines if line and not line.startswith("##"))


def differences(before: str, now: str) -> list[tuple[str, str, str]]:
    """The settings in which two resolved specs differ: name, value before, value now. Budgets are not compared."""
    old, new = settings_of(before), settings_of(now)
    names = [name for name in dict.fromkeys((*old, *new)) if name != "budget"]
    return [(name, old.get(name, _ABSENT), new.get(name, _ABSENT)) for name in names if old.get(name) != new.get(name)]


def differs(before: str, now: str) -> bool:
    """Whether two resolved specs differ in what may not change while a run goes on."""
    return before != now and any(name not in MAY_CHANGE for name, _, _ in differences(before, now))


def check_spec(path: Path, snapshot: Snapshot, training: Training) -> bool:
    """Whether the spec is another one than the run's, in what may change. Raises `Refusal` (E0544, E0555 to E0557)."""
    before = str(snapshot.get("spec"))
    if "train.epochs" in settings_of(training.spec_text) and "train.epochs" not in settings_of(before):
        raise Refusal(CannotResume(path=str(path), reason="the spec in its last.pt is none"))
    changed = differences(before, training.spec_text)
    found: list[Diagnostic] = [
        ResumeDiffers(path=str(path), setting=name, before=shortened(old), now=shortened(new))
        for name, old, new in changed
        if name not in MAY_CHANGE
    ]
    done, settings = len(snapshot.get("history", ())), training.settings
    if any(name == "train.epochs" for name, _, _ in changed):
        if settings.scheduler.name == "cosine":
            found.append(EpochsPlanned(scheduler=settings.scheduler.name))
        if settings.epochs < done:
            found.append(EpochsTrained(path=str(path), done=done, asked=settings.epochs))
    if found:
        raise Refusal(*found)
    return bool(changed)


def shortened(value: str) -> str:
    """The value, its middle left out where it is long."""
    most = 100
    return value if len(value) <= most else f"{value[: most // 2]} … {value[-most // 2 :]}"
