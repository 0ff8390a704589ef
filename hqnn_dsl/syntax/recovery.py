"""What is said and done where the text stops following the grammar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.report.codes import syntax as codes
from hqnn_dsl.report.source import Span

if TYPE_CHECKING:
    from hqnn_dsl.syntax.parser import Automaton


class Recovery:
    """Reports the first mistake and gives up."""

    def __init__(self, automaton: Automaton) -> None:
        self.automaton = automaton

    def mend(self, index: int) -> int | None:
        """Report the token `index`."""
        run = self.automaton
        span = Span(run.source, run.tokens.starts[index], run.tokens.ends[index])
        run.reports.append(codes.Unexpected(span=span, expected="something else", found=f"`{span.text}`"))
        return None
