"""Measures of a circuit: what it can express, entangle and learn. One module a measure, `measures` has their words."""
