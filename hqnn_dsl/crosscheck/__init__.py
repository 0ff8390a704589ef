"""Trials of the backends on one circuit: whether they agree (`verify`), and what a step costs (`bench`).

Pure functions that return frozen results; the command line prints them. No backend is named but the oracle: whatever
`backends.offered` has is tried.
"""
