"""Deliveries and sealed segments -> bronze, as received, append-only. What cannot be parsed becomes a dead letter."""
