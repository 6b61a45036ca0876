"""The lake held against the truth of a city: the only code that reads both."""
