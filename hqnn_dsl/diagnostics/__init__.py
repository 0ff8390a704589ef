"""Everything said to a user: places in text, findings, every sentence, and rendering."""
