"""Reports: options that do not go together, what has no page, cards that are another's.

E0653 to E0657, E0688 and E0689.
"""

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
    """A run or comparison is given twice to be put beside others; another spelling of its path, or a link, is the same.

    wrong   hqnn report runs/yacht-1 runs/../runs/yacht-1
    right   hqnn report runs/yacht-1 runs/yacht-2
    """

    code = "E0654"
    exit_code = 2
    message = "`{path}` is `{first}`, which is given already"
    advice = "give each once; one alone has a page of its own: `hqnn report {first}`"
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


@lazy_dataclass(frozen=True, kw_only=True)
class NotAnAnalysis(Diagnostic):
    """`hqnn report` was given a file that is no analysis, or one that was cut off or edited. It takes folders of runs
    and comparisons, and the files of `hqnn analyze --out`.

        wrong   hqnn report comparison/comparison.json
        right   hqnn report comparison
        right   hqnn report analysis.json                   # of `hqnn analyze model.hqnn --out analysis.json`
    """

    code = "E0688"
    message = "`{path}` is no analysis: {reason}"
    advice = "give the file that `hqnn analyze SPEC --out FILE` wrote, or the folder of a run or a comparison"
    path: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class NotTogether(Diagnostic):
    """One page is about runs, or about comparisons, and only about such as can be compared: comparisons over several
    data sets are complete, of different tables, and by the same score, with the same region and level.

        wrong   hqnn report runs/yacht-1 runs/yacht-comparison-1
        right   hqnn report runs/yacht-comparison-1 runs/energy-comparison-1
    """

    code = "E0689"
    exit_code = 2
    message = "`{path}` cannot be put beside `{first}`: {why}"
    path: str
    first: str
    why: str
