"""Findings as data, and the one exception that carries them to a user.

A `Diagnostic` is a frozen value of a class with a stable code (all are in `codes/`); `Findings` collects many and
raises once. A `Refusal` is the user's mistake or the environment's lack; any other exception is a bug of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from hqnn_dsl.limits import MAX_FOUND_ERRORS, MAX_SHOWN_MISTAKES

if TYPE_CHECKING:
    from hqnn_dsl.diagnostics.source import Span


@dataclass(frozen=True, slots=True)
class Note:
    """A second place, or a plain sentence if `span` is None, that explains a diagnostic."""

    text: str
    span: Span | None = None


@dataclass(frozen=True, kw_only=True)
class Diagnostic:
    """One finding. Subclasses state the class variables and add the fields that their sentences name in braces.

    `message` is the headline, `label` stands under the carets, `advice` is the help line; each is a template over the
    fields and properties. `hint`, if given, is the help line of this one occurrence and wins over `advice`.
    `about` are the options of a backend that a finding without a place is about, by their paths in it (`noise.t2_us`),
    the one to mark first; a caller that knows the spec adds their places.
    `exit_code` is the exit code of a command that this stops: 1 spec or data, 2 command line, 3 environment.
    """

    code: ClassVar[str]
    severity: ClassVar[str] = "error"
    message: ClassVar[str]
    label: ClassVar[str] = ""
    advice: ClassVar[str] = ""
    exit_code: ClassVar[int] = 1

    span: Span | None = None
    notes: tuple[Note, ...] = ()
    hint: str = ""
    about: tuple[str, ...] = ()

    def _fill(self, template: str) -> str:
        return template.format_map(_Facts(self))

    @property
    def headline(self) -> str:
        """The sentence after `error[E0312]:`."""
        return self._fill(self.message)

    @property
    def caption(self) -> str:
        """What stands under the carets; may be empty."""
        return self._fill(self.label)

    @property
    def help(self) -> str:
        """What to write instead; may be empty."""
        return self.hint or self._fill(self.advice)

    @property
    def is_error(self) -> bool:
        return self.severity == "error"


@dataclass(frozen=True, slots=True)
class _Facts:
    """What a template may name: the fields and properties of a diagnostic."""

    diagnostic: Diagnostic

    def __getitem__(self, name: str) -> object:
        return getattr(self.diagnostic, name)


class Refusal(Exception):
    """A mistake of the user, or a lack of the environment: `diagnostics` say it, with its place and the text to type.

    As text it is the report that a command prints.
    """

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__(*diagnostics)
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        """The report as a command prints it: findings with their places and advice, and how many there are."""
        from hqnn_dsl.diagnostics.render import report

        return report(self.diagnostics, most=MAX_SHOWN_MISTAKES)

    def __repr__(self) -> str:
        codes = dict.fromkeys(item.code for item in self.diagnostics)
        return f"Refusal({', '.join(codes)})"

    @property
    def exit_code(self) -> int:
        """The largest exit code of its errors; a mistake in an option's text is one of the command line: 2."""
        return max((_exit_code(item) for item in self.diagnostics if item.is_error), default=1)


Refusal.__module__ = "hqnn"  # the name that a traceback shows, and by which it is caught


def _exit_code(item: Diagnostic) -> int:
    is_option = item.span is not None and item.span.source.is_option
    return max(item.exit_code, 2) if is_option else item.exit_code


class Findings:
    """Collects diagnostics of a stage, so that one run reports all independent errors."""

    def __init__(self) -> None:
        self._items: dict[Diagnostic, None] = {}
        self._num_errors = 0

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep a diagnostic; the same one (same code, place and sentence) twice is kept once."""
        before = len(self._items)
        self._items.setdefault(diagnostic)
        self._num_errors += diagnostic.is_error and len(self._items) > before

    def __len__(self) -> int:
        return len(self._items)

    @property
    def is_full(self) -> bool:
        """Whether so many errors were found that nothing more is looked for."""
        return self._num_errors >= MAX_FOUND_ERRORS

    @property
    def items(self) -> tuple[Diagnostic, ...]:
        """All of them, ordered by place; those without a place come last, files in the order first met."""
        files: dict[int, int] = {}
        for item in self._items:
            if item.span is not None:
                files.setdefault(id(item.span.source), len(files))

        def place(item: Diagnostic) -> tuple[int, int, int]:
            if item.span is None:
                return (len(files), 0, 0)
            return (files[id(item.span.source)], item.span.start, item.span.end)

        return tuple(sorted(self._items, key=place))

    @property
    def has_errors(self) -> bool:
        return self._num_errors > 0

    def raise_errors(self) -> None:
        """Raise one `Refusal` with everything found so far if an error is among it."""
        if self.has_errors:
            raise Refusal(*self.items)
