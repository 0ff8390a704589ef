"""Statistics of comparisons: plain numbers in, frozen results out; docs/statistics.md has formulas and sources."""
