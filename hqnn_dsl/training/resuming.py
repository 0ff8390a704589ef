"""Which settings a run may be gone on with, and what to say of the others: each with its value then and now.

`epochs` and `stop` say when a training ends, `budget` what it may cost, so they may change; the run then ends as if it
had been started with the new ones. All else would make it another run.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hqnn_dsl.report.codes.resuming import EpochsPlanned, EpochsTrained, ResumeDiffers
from hqnn_dsl.report.codes.tables import CannotResume
from hqnn_dsl.report.diagnostic import Refusal

if TYPE_CHECKING:
    from pathlib import Path

    from hqnn_dsl.report.diagnostic import Diagnostic
    from hqnn_dsl.training.checkpoint import Snapshot
    from hqnn_dsl.training.loop import Training

MAY_CHANGE = ("train.epochs", "train.stop")
_ABSENT = "not there"


def settings_of(text: str) -> dict[str, str]:
    """Every line of a resolved spec by where it stands: `train.epochs`, or a section and the lines of it in order."""
    found: dict[str, str] = {}
    section, depth = "", 0
    for line in text.splitlines():
        words = line.strip()
        if words.startswith("##"):
            continue
        if depth == 0 and not words.startswith("model "):
            _put(found, words.split(" = ")[0] if words.startswith("let ") else "blocks", words)
        elif depth == 1 and words.endswith("{"):
            section = words.split()[0]
            if section == "circuit":
                _put(found, section, words)
        elif section in {"data", "train", "transpile"} and depth == 2 and words != "}":
            name, _, value = words.partition(" ")
            found[f"{section}.{name}"] = value.strip()
        elif depth == 1 and words.startswith("backend "):
            found["backend"] = words.removeprefix("backend ")
        elif words not in {"", "}"}:
            _put(found, section or "model", words)
        depth += _opened(words)
    return found


def _opened(line: str) -> int:
    plain = re.sub(r'"(\\.|[^"\\])*"', "", line)
    return plain.count("{") - plain.count("}")


def _put(found: dict[str, str], name: str, line: str) -> None:
    if line:
        found[name] = f"{found[name]}; {line}" if name in found else line


def differences(before: str, now: str) -> list[tuple[str, str, str]]:
    """The settings in which two resolved specs differ: name, value before, value now. Budgets are not compared."""
    old, new = settings_of(before), settings_of(now)
    names = [name for name in dict.fromkeys((*old, *new)) if name != "budget"]
    return [(name, old.get(name, _ABSENT), new.get(name, _ABSENT)) for name in names if old.get(name) != new.get(name)]


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
