"""Readers of delivered files, one module per format: bytes -> rows of text, and rows that are none."""
