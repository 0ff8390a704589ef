"""`hqnn`: the commands, and every way a command can end.

Exit codes: 0 fine · 1 the spec or the data is wrong · 2 the command line is wrong · 3 this environment cannot do it ·
70 a bug of ours. Results go to standard output, progress and messages to standard error.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

import click
import typer
from typer.core import TyperGroup

from hqnn_dsl.cli import (
    analyze_spec,
    check_compile,
    compare,
    explain_doctor,
    init_spec,
    list_runs,
    plan,
    replay_run,
    report_run,
    seal_experiment,
    show_spec,
    streams,
    sweep,
    train_predict,
    verify_bench,
)
from hqnn_dsl.cli.arguments import Command
from hqnn_dsl.cli.examples import EXAMPLES
from hqnn_dsl.cli.exit_codes import EXIT_BUG
from hqnn_dsl.cli.output import show, show_refusal, tell_lines, tell_notice, write
from hqnn_dsl.diagnostics.codes.command import OutputLost
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import notices_sent_to
from hqnn_dsl.diagnostics.terminal import printable

RARELY = (100_000, 50, 1000)
"""Thresholds of the garbage collector: with the defaults it takes a quarter of the time of imports."""


class Commands(TyperGroup):
    """The commands. Messages of click about a wrong command line are cleaned of terminal control characters."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        with _harmless():
            return super().make_context(*args, **extra)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            raise Refusal(explain_doctor.unknown_command(args[0], self.list_commands(ctx), "hqnn"))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        with _harmless(), notices_sent_to(tell_notice):
            return super().invoke(ctx)


@contextmanager
def _harmless() -> Iterator[None]:
    try:
        yield
    except click.ClickException as error:
        vars(error)["message"] = printable(error.message)
        raise


app = typer.Typer(
    name="hqnn",
    cls=Commands,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "Hybrid quantum-classical neural networks from one spec.\n\n"
        "Start with `hqnn init DATA`, which writes a spec, then `hqnn train SPEC DATA` and `hqnn predict RUN DATA`. "
        "Every error has a code; `hqnn explain CODE` says more."
    ),
)
for command in (
    init_spec.init,
    check_compile.check,
    check_compile.compile,
    show_spec.show,
    plan.plan,
    train_predict.train,
    train_predict.predict,
    train_predict.evaluate,
    report_run.report,
    replay_run.replay,
    analyze_spec.analyze,
    seal_experiment.seal,
    compare.compare,
    sweep.sweep,
    verify_bench.verify,
    verify_bench.bench,
    list_runs.runs,
    explain_doctor.explain,
    explain_doctor.doctor,
    explain_doctor.help,
):
    app.command(cls=Command, epilog=EXAMPLES[command.__name__])(command)


@app.callback(invoke_without_command=True)
def version(
    *, show: bool = typer.Option(False, "--version", help="Print the version and leave.", is_eager=True)
) -> None:
    """Print the version when asked."""
    if show:
        from hqnn_dsl import __version__

        write(f"hqnn {__version__}")
        raise typer.Exit


def main() -> None:
    """Run a command and leave with its exit code."""
    streams.prepare()
    _end_in_order()
    sys.meta_path.insert(0, NumpyFirst)
    gc.set_threshold(*RARELY)
    sys.modules.setdefault("pyarrow", None)  # type: ignore[arg-type] # see `data.arrow`: pandas would load it every time
    os.environ.pop("MPLBACKEND", None)  # a notebook hands its own down, and no command opens a window
    try:
        _run()
    except Refusal as refusal:
        _leave(refusal)
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted\n")
        sys.exit(128 + signal.SIGINT)
    except Terminated as terminated:
        sys.stderr.write("\nterminated\n")
        sys.exit(128 + terminated.number)
    except (streams.NobodyReads, BrokenPipeError):
        streams.abandon_output()
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - every other exception is a bug of ours
        if isinstance(error, OSError) and streams.is_lost(error):
            _leave(Refusal(OutputLost(reason=streams.reason_of(error))))
        _leave_with_our_bug(error)
    finally:
        gc.freeze()  # objects need no collection when the process ends
        sys.meta_path.remove(NumpyFirst)
        if sys.modules.get("pyarrow", sys) is None:  # who calls this from Python goes on, with other packages
            del sys.modules["pyarrow"]


class NumpyFirst:
    """A finder of modules that finds none, but imports numpy before torch.

    Torch imports numpy in C++ and drops what is raised there, a Ctrl-C too: the command would go on with half of it.
    """

    @staticmethod
    def find_spec(name: str, _path: object = None, _target: object = None) -> None:
        """Returns None, since the finders behind this one find all modules."""
        if name == "torch":
            import numpy  # noqa: F401, ICN001 - for its import alone


class Terminated(BaseException):
    """A request to end that is no Ctrl-C. Half-written files are removed, as after a Ctrl-C."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _end_in_order() -> None:
    """SIGTERM (a batch system, `kill`) and SIGHUP (a terminal that closes) end a command as Ctrl-C does."""

    def end(number: int, _frame: FrameType | None) -> NoReturn:
        raise Terminated(number)

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, end)


def _run() -> None:
    """Run the command; text that click itself has printed must be written out too."""
    try:
        app()
    except SystemExit:
        sys.stdout.flush()
        raise


def _leave(refusal: Refusal) -> NoReturn:
    """Show a refusal and leave; one that concerns standard output goes to standard error as text."""
    is_lost = any(isinstance(item, OutputLost) for item in refusal.diagnostics)
    if is_lost:
        streams.abandon_output()
        show(refusal.diagnostics)
    else:
        try:
            show_refusal(refusal)
        except Refusal as second:
            _leave(Refusal(*refusal.diagnostics, *second.diagnostics))
    sys.exit(refusal.exit_code)


def _leave_with_our_bug(error: Exception) -> NoReturn:
    import traceback

    from hqnn_dsl import __version__

    tell_lines("".join(traceback.format_exception(error)).rstrip("\n"))
    tell_lines(f"\nThis is a bug in hqnn {__version__}, not in your spec. Please report it with the lines above.")
    sys.exit(EXIT_BUG)
