"""Files as departments write them: one module a format, each `write(path, sheet, style)` says the row of its first record."""

from sample_city.writers import delimited

WRITERS = {"delimited": delimited.write}
