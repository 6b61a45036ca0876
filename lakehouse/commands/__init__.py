"""The kernel's own commands, one module each."""
