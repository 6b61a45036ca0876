"""The kernel: contracts, settings, tables, the one session, outcomes and the pipeline. Knows no stage by import."""
