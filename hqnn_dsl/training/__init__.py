"""From a network and a table to a trained run on disk: tables, one visible loop, scores, and back from disk."""
