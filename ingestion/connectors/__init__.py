"""Get bytes from where they lie; a connector does nothing else."""
