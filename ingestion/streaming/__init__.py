"""Sealed segments of the edge collectors, from the landing folder to bronze, exactly once and without a JVM."""
