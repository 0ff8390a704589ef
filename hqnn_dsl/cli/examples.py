"""The examples at the end of each command's help; a test holds that every command has some that it understands."""

from __future__ import annotations

from typing import Final

_LINES: Final = {
    "init": ("hqnn init data.csv", "hqnn init data.csv --target price -o price.hqnn"),
    "check": ("hqnn check model.hqnn", "hqnn check model.hqnn data.csv --resolved"),
    "compile": ("hqnn compile model.hqnn", "hqnn compile model.hqnn data.csv --emit qasm -o compiled/mine"),
    "plan": (
        "hqnn plan model.hqnn data.csv",
        "hqnn plan model.hqnn data.csv --folds 5 --max minutes=10 --max memory=4GiB",
    ),
    "train": ("hqnn train model.hqnn data.csv", "hqnn train model.hqnn data.csv -o runs/short --set epochs=5"),
    "predict": ("hqnn predict runs/short new.csv", "hqnn predict runs/short new.csv -o answers.csv"),
    "evaluate": ("hqnn evaluate runs/short data.csv", "hqnn evaluate runs/short data.csv --set backend=reference"),
    "report": (
        "hqnn report runs/short",
        "hqnn report runs/short --data data.csv -o short.html --open",
        "hqnn report runs/short runs/long -o compared.html",
        "hqnn report runs/short --card",
        "hqnn report runs/short --export figures",
        "hqnn report runs/compared",
        "hqnn report analysis.json --open",
    ),
    "replay": ("hqnn replay runs/short", "hqnn replay runs/short data.csv --json"),
    "analyze": (
        "hqnn analyze model.hqnn",
        "hqnn analyze model.hqnn --only gradients --widths 2..6 --depths 1..4 --out analysis.json",
    ),
    "compare": (
        "hqnn compare model.hqnn data.csv --out runs/compared",
        "hqnn compare model.hqnn data.csv --folds 3 --repeats 1 --trials 2 --contenders frozen,linear,boosting",
        "hqnn compare model.hqnn data.csv --emit-specs controls",
    ),
    "sweep": (
        "hqnn sweep model.hqnn data.csv --over 'optimizer.lr=log(1e-4, 1e-1)' --trials 30",
        "hqnn sweep model.hqnn data.csv --over 'epochs=[20,50]' --over reps=1..4 --out runs/swept",
        "hqnn sweep --join runs/swept",
    ),
    "seal": (
        "hqnn seal model.hqnn data.csv --hypothesis 'the circuit is better than its twins'",
        "hqnn seal model.hqnn data.csv --folds 10 --trials 20 -o seals/long.json",
    ),
    "verify": ("hqnn verify model.hqnn", "hqnn verify model.hqnn --points 5 --json"),
    "bench": ("hqnn bench model.hqnn", "hqnn bench model.hqnn --batch 64 --seconds 30"),
    "runs": ("hqnn runs", "hqnn runs runs --sort loss", "hqnn runs runs --json"),
    "show": ("hqnn show model.hqnn", "hqnn show model.hqnn --set width=6"),
    "explain": ("hqnn explain E0312", "hqnn explain zz", "hqnn explain shapes", "hqnn explain"),
    "doctor": ("hqnn doctor", "hqnn doctor --json"),
    "help": ("hqnn help", "hqnn help train"),
}

EXAMPLES: Final = {name: "\n\n".join(["Examples:", *lines]) for name, lines in _LINES.items()}
"""The examples by command, a blank line between two: a terminal joins lines without one."""


def lines_of(name: str) -> tuple[str, ...]:
    """Returns the examples of a command, one a line."""
    return _LINES[name]
