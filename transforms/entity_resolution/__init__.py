"""From mentions of persons and enterprises in departments' records to registers with ids that stay."""
