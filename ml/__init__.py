"""Forecasting models of the platform; one folder per use case."""
