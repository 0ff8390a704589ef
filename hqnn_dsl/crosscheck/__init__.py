"""Checks of all backends on one circuit: whether they agree (`verify`), and the cost of a step (`bench`).

Pure functions that return frozen results; the command line prints them. No backend is named but the oracle: whatever
`backends.offered` has is tried.
"""
