"""Tuning: typed search spaces, Optuna behind one function, and the records of every trial."""
