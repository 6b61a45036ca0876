"""The books of the lake: what was received against what became of it, counted from the tables alone."""
