"""Erasure of a person: what names the person is destroyed in every table, file, version and key; counts stay (ADR 10)."""
