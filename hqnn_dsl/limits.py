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
MAX_NAME: Final = 255  # characters of a name
MAX_PATH: Final = 4_096  # characters of a path: of names, `real_amplitudes.w`, or of a file that `use` names
MAX_FOUND_ERRORS: Final = 1_000  # errors of meaning in a spec after which nothing more is looked for
MAX_SHOWN: Final = 200  # findings that a command prints; the rest are only counted
MAX_SHOWN_LINE: Final = 200  # characters of a line of the source that are shown around a mark
MAX_SHOWN_TEXT: Final = 2_000  # characters of one sentence of a diagnostic
MAX_REFUSALS: Final = 20  # mistakes of one statement, in turns of a loop, after which it is passed over
MAX_ADVICE: Final = 100_000  # names that a misspelt word is held against, in all advice about one file or circuit

# -------------------------------------------------------------- circuits
MAX_LOOP: Final = 1_000_000  # numbers in one range, groups in one call of `groups`
MAX_ANGLE_SIZE: Final = 10_000  # terms in one angle
MAX_STATEMENTS: Final = 2_000_000  # statements carried out while a circuit is put together
MAX_OPERATORS: Final = 4_000_000  # operators and calls worked out in them
MAX_OPERATIONS: Final = 1_000_000  # gates in a circuit
MAX_WEIGHTS: Final = 1_000_000  # trainable numbers in a circuit
MAX_INPUTS: Final = 1_000_000  # components of a circuit's input vector
MAX_QUBITS: Final = 1_000  # qubits in a circuit
MAX_OUTPUTS: Final = 65_536  # observables of a circuit
MAX_TERMS: Final = 1 << 20  # Pauli products of all outputs, where each output is written as a sum of them
MAX_ESTIMATED_TERMS: Final = 1 << 14  # the same for EstimatorQNN, which evaluates each of them for every shift and row
MAX_BLOCK_DEPTH: Final = 64  # blocks inside blocks
MAX_STATEMENT_DEPTH: Final = 300  # loops, conditions and blocks inside each other, through all blocks
MAX_CONSTANT_DEPTH: Final = 128  # constants that each need one defined below it
MAX_LIST_SIZE: Final = 1_000_000  # texts and numbers in one list, lists inside it counted through
MAX_FILES: Final = 100  # files that a spec brings in through `use`

# ---------------------------------------------------------------- tables
MAX_RECORD: Final = 1 << 26  # bytes of one row of a table as text
UNPACKED_FREELY: Final = 1 << 30  # bytes that a compressed table may have unpacked, however small it is packed
MAX_UNPACKED_TIMES: Final = 1_000  # how many times as large it may be beyond that
