"""Injected errors at stated rates; every one is logged with the true and the injected value."""
