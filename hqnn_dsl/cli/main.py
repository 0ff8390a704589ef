"""`hqnn`: the commands, and what becomes of every way a command can end.

Exit codes: 0 fine · 1 the spec or the data is wrong · 2 the command line is wrong · 3 this environment cannot do it ·
70 a bug of ours. Results go to standard output, progress and messages to standard error.
"""

from __future__ import annotations

import os
import sys

import typer

from hqnn_dsl.cli import about, compiling, running, trying
from hqnn_dsl.cli.output import show_refusal
from hqnn_dsl.report.diagnostic import Refusal

EXIT_BUG, EXIT_INTERRUPTED = 70, 130

app = typer.Typer(
    name="hqnn",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "Hybrid quantum-classical neural networks from one spec.\n\n"
        "Start with `hqnn train specs/model.hqnn specs/data/yacht.csv`, then `hqnn predict RUN DATA`. "
        "Every error has a code; `hqnn explain CODE` says more."
    ),
)
for command in (
    compiling.check,
    compiling.compile,
    running.train,
    running.predict,
    running.evaluate,
    trying.verify,
    trying.bench,
    about.explain,
    about.doctor,
):
    app.command()(command)


@app.callback(invoke_without_command=True)
def version(
    *, show: bool = typer.Option(False, "--version", help="Print the version and leave.", is_eager=True)
) -> None:
    """Print the version when asked."""
    if show:
        from hqnn_dsl import __version__

        print(f"hqnn {__version__}")  # noqa: T201 - a result
        raise typer.Exit


def main() -> None:
    """Run a command and leave with its exit code."""
    try:
        app()
    except Refusal as refusal:
        show_refusal(refusal)
        sys.exit(refusal.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted\n")
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception:  # noqa: BLE001 - whatever is left is ours to answer for
        import traceback

        from hqnn_dsl import __version__

        traceback.print_exc()
        sys.stderr.write(
            f"\nThis is a bug in hqnn {__version__}, not in your spec. Please report it with the lines above.\n"
        )
        sys.exit(EXIT_BUG)
