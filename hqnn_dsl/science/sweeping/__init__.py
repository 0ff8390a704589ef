"""Sweeps over settings: trials of one study on disk, proposed by Optuna, by threads and processes that share it."""
