"""The page of a run: one HTML file with figures, tables and facts, made from the run's folder alone."""
