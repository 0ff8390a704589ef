"""The command line: words, options and exit codes. What a command does is one call into the rooms below."""
