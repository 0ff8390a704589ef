"""Everything said to a user: where text stands, what is found in it, every sentence, and how it is rendered."""
