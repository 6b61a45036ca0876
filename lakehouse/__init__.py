"""The kernel: contracts, settings, tables, session, outcomes, pipeline, commands. It imports no stage."""
