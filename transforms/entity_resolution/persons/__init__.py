"""The population register: who is named in departments' records, golden records, households, residences, events of life."""
