"""Forecasting models of the platform; one folder per use case."""

import os

# LightGBM's threads would spin at every barrier and, on a machine that does other work too, take 20 times as long.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
