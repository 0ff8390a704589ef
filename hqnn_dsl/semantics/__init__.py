"""What a spec means: names, types, widths and defaults settled, blocks expanded into one circuit."""
