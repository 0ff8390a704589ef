"""Every limit of the language in one place: a spec is data, and reading one is bounded before anything is allocated.

A flat list of constants, printed by `hqnn doctor`. Raising one is a decision about memory or time, not about meaning.
"""

from typing import Final

# ---------------------------------------------------------------- text
MAX_SOURCE_BYTES: Final = 1 << 20  # of one file, in UTF-8
MAX_NESTING: Final = 64  # brackets and braces open at one place
MAX_EXPRESSION_DEPTH: Final = 200  # operators and calls inside each other: a sum of 200 terms, `else if` 200 times
MAX_INTEGER: Final = (1 << 63) - 1  # the largest whole number that may be written
MAX_SHOWN_MISTAKES: Final = 20  # syntax errors reported of one file; the rest are only counted
MAX_FOUND_MISTAKES: Final = 200  # syntax errors after which a file is not read further

# -------------------------------------------------------------- circuits
MAX_LOOP: Final = 1_000_000  # numbers in one range, groups in one call of `groups`
MAX_ANGLE_SIZE: Final = 10_000  # terms in one angle
MAX_STATEMENTS: Final = 2_000_000  # statements carried out while a circuit is put together
MAX_OPERATIONS: Final = 1_000_000  # gates in a circuit
MAX_WEIGHTS: Final = 1_000_000  # trainable numbers in a circuit
MAX_INPUTS: Final = 1_000_000  # components of a circuit's input vector
MAX_QUBITS: Final = 1_000  # qubits in a circuit
MAX_OUTPUTS: Final = 65_536  # observables of a circuit
MAX_BLOCK_DEPTH: Final = 64  # blocks inside blocks
MAX_FILES: Final = 100  # files that a spec brings in through `use`
