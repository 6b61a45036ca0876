"""Expectation suites that follow from contracts, and their run on tables by Great Expectations."""
