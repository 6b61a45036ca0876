"""The public pages and API: open data, quality, operations, models. Reads the serving file and released files only."""
