"""How well records were linked, measured against a known truth."""
