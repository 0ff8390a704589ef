"""The command line: words, options and exit codes. Each command makes one call into the rooms below."""
