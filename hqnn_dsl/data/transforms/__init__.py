"""Rules of columns as frozen records of plain numbers: fitted on training rows, applied and inverted with NumPy."""
