"""Readers of delivered files, one module per format: bytes -> rows of text as received, and rows that are none."""
