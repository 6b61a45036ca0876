"""The kernel path of departments' records: (dataset, month) slices of bronze -> silver and quarantine."""
