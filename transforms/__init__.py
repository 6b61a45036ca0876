"""Bronze -> silver: type, unit, station, checks, one winner per key, late data into its own slice."""
