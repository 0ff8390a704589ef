"""A fair experiment derived from one spec: every contender on the same rows, seeds, epochs and number of trials."""
