"""For tests of every room: the modules beside this file can be imported, no test is skipped without a reason, and no
test draws other numbers because others ran before it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_skipped: list[tuple[str, str]] = []


@pytest.fixture(autouse=True)
def same_draws() -> None:
    """Torch's own generator begins every test alike; where nothing has imported torch, nothing draws from it yet."""
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


@pytest.fixture(autouse=True)
def own_trials(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What `backend auto` has found before is not known to a test; the folder where this test's trials are kept."""
    from hqnn_dsl.backends import trial_records

    folder = tmp_path_factory.mktemp("trials")
    monkeypatch.setattr(trial_records, "places", lambda: (folder,))
    return folder


@pytest.fixture
def printed_notices() -> Iterator[None]:
    """Notices of the library are printed on standard error, as commands print them; without it they are warnings."""
    from hqnn_dsl.cli.output import tell_notice
    from hqnn_dsl.diagnostics.notices import notices_sent_to

    with notices_sent_to(tell_notice):
        yield


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    found = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr or "")
    reason = found.removeprefix("Skipped:").strip()
    return "" if reason == "unconditional skip" else reason


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped:
        _skipped.append((report.nodeid, _reason(report)))


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.skipped:
        _skipped.append((report.nodeid, _reason(report)))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.exitstatus == 0 and any(not reason for _, reason in _skipped):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section("skipped tests")
    if not _skipped:
        terminalreporter.write_line("none")
    for name, reason in sorted(set(_skipped)):
        terminalreporter.write_line(f"{name}: {reason or 'NO REASON GIVEN, which fails the run'}")
