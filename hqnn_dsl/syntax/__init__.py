"""The concrete syntax: tokens, the tree as written, the parser with recovery, and the printer."""
