"""Kernels that are compiled into the kernels that call them, and into nothing else.

Numba optimises each function that it compiles together with all that this one calls, and makes machine code of it,
since Python might call it. Of kernels only the entry points are called from Python: those optimise all that is linked
into them, and are all the machine code that is needed. Leaving it out for the others takes a quarter off the time of a
first call. A pipeline of one's own is a part of Numba's manual, the library of a function is not; if Numba has no such
parts, its own pipeline is used, with the same results.
"""

from __future__ import annotations

from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.untyped_passes import IRProcessing

OVERRIDDEN = ("_optimize_final_module", "_finalize_final_module", "codegen")
"""The parts of Numba's libraries that are replaced here."""


class _NoEnvironments:
    """Takes the environment of a function, the objects of Python that it uses: kernels use none."""

    def set_env(self, name: str, environment: Any) -> None:
        """Do nothing."""


class LinkedLibrary(JITCodeLibrary):  # type: ignore[misc]
    """The code of a kernel as its callers link it: neither optimised as a whole nor made machine code of."""

    @property
    def codegen(self) -> Any:
        """The place that an environment would be kept in."""
        return _NoEnvironments()

    def _optimize_final_module(self) -> None:
        """Leave it to the entry points."""

    def _finalize_final_module(self) -> None:
        self._finalized = True


@register_pass(mutates_CFG=False, analysis_only=False)
class _LinkOnly(FunctionPass):  # type: ignore[misc]
    _name = "hqnn_link_only"

    def __init__(self) -> None:  # abstract there
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        """Give the function the library that its code is then lowered to. Returns whether the function has changed."""
        state.library = LinkedLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
        return False


class LinkedCompiler(CompilerBase):  # type: ignore[misc]
    """Numba's pipeline, but for the library of the function."""

    def define_pipelines(self) -> list[Any]:
        """Returns the one pipeline."""
        manager = DefaultPassBuilder.define_nopython_pipeline(self.state)
        manager.add_pass_after(_LinkOnly, IRProcessing)
        manager.finalize()
        return [manager]


OPTIONS: dict[str, Any] = (
    {"pipeline_class": LinkedCompiler} if all(hasattr(JITCodeLibrary, name) for name in OVERRIDDEN) else {}
)
"""The options of `numba.njit` for such a kernel."""
