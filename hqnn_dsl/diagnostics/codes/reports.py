"""Reports of runs: options that do not go together, runs without a page, cards that are another's (E0653 to E0657)."""

from __future__ import annotations

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class ReportOptions(Diagnostic):
    """An option of `hqnn report` would change nothing beside the others. One call writes a page, a card or a folder.

    The network is asked (`--data`) for a page, a card or a folder of one run; a card is of one run; only a page is
    opened; a folder is named by `--export`, and replaced only if this command wrote it.

        wrong   hqnn report runs/yacht-1 --card --export yacht
        wrong   hqnn report runs/yacht-1 runs/yacht-2 --card
        right   hqnn report runs/yacht-1 --card
        right   hqnn report runs/yacht-1 --export yacht
    """

    code = "E0653"
    exit_code = 2
    message = "`{option}` does not go with {beside}: {why}"
    option: str
    beside: str
    why: str


@lazy_dataclass(frozen=True, kw_only=True)
class RunTwice(Diagnostic):
    """A run is given twice to be put beside others; another spelling of its path, or a link to it, is the same run.

    wrong   hqnn report runs/yacht-1 runs/../runs/yacht-1
    right   hqnn report runs/yacht-1 runs/yacht-2
    """

    code = "E0654"
    exit_code = 2
    message = "`{path}` is the run `{first}`, which is given already"
    advice = "give each run once; a run alone has a page of its own: `hqnn report RUN`"
    path: str
    first: str


@lazy_dataclass(frozen=True, kw_only=True)
class ManyNotOne(Diagnostic):
    """A page, a card and an export are of single runs; the folder holds many (`--folds`, `--seeds`, `--rows`).

    Its scores, means and differences are in its `cv.json`, and `hqnn runs` lists it. With `--keep-runs` each training
    leaves a run in the folder `runs` of it.

        wrong   hqnn report runs/yacht-cv-1
        right   hqnn report runs/yacht-cv-1/runs/0001 runs/yacht-cv-1/runs/0002      # trained with --keep-runs
    """

    code = "E0655"
    message = "`{path}` holds many trainings, which are no single run"
    path: str


@lazy_dataclass(frozen=True, kw_only=True)
class CardNotOurs(Diagnostic):
    """The file for a card was not written by `hqnn report --card`, or was edited since, so its text would be lost.

    wrong   hqnn report runs/yacht-1 --card               # README.md in it was edited
    right   hqnn report runs/yacht-1 --card --out card.md
    right   hqnn report runs/yacht-1 --card --force
    """

    code = "E0656"
    exit_code = 2
    message = "`{path}` was not written by `hqnn report --card`, or has been edited since"
    advice = "choose another `--out`, or replace the file with `--force`"
    path: str


@lazy_dataclass(frozen=True, kw_only=True)
class NotItsTable(Diagnostic):
    """A card says the ranges of the training rows, so the table of `--data` must be the one that was trained on.

    Its cells and names of columns are compared by their hash, as in `preprocess.json`.

        wrong   hqnn report runs/yacht-1 --card --data new.csv
        right   hqnn report runs/yacht-1 --card --data specs/data/yacht.csv
        right   hqnn report runs/yacht-1 --card
    """

    code = "E0657"
    message = "`{table}` is not the table that `{run}` was trained on"
    advice = "give that table, or leave `--data` out: the card then has no ranges"
    table: str
    run: str
