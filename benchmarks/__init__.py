"""One module per claim of speed; each runs its peers beside ours in one go and prints the ratio."""
