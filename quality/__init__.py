"""Checks and what follows from them: held rows, stewards' decisions, gates, reconciliation."""
