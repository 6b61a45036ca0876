"""Where things are: divisions, grids, buildings and addresses, and the place of every address that a department wrote."""
