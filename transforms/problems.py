"""What can keep a received item from resolving, told alike by both engines: check -> (field, what the steward reads)."""

PROBLEMS: dict[str, tuple[str, str]] = {
    "station_registered": ("station_id", "is no registered device; add it to the station list and replay"),
    "code_known": ("pollutant_code", "is no code of the source mapping; add it there or list it under ignore"),
    "value_is_number": ("value", "is not a number; fix the value or waive the row"),
    "unit_fits": ("unit_code", "is no unit of this quantity; fix the unit and replay"),
    "not_from_the_future": ("observed_at", "UTC lies after the receipt; have the sender's clock set, then waive the row"),
}
"""The sentence is what was sent, then these words. `item_refused` carries the collector's own sentence."""
